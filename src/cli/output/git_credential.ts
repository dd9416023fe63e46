import { CliError } from "../../errors.ts";
import type { Token } from "../../identity/token.ts";

/** The request that git writes to a credential helper (`git help credential`). */
export interface GitCredential {
  readonly protocol: string;
  /** The host, with its port if the URL has one. */
  readonly host: string;
  /** The user name in the URL. */
  readonly username: string | undefined;
  /** The secret that was refused, for `erase`. */
  readonly secret: string | undefined;
  /** Whether git accepts a token with its scheme (git 2.46 and later). */
  readonly supportsAuthtype: boolean;
}

/** Parses lines of `key=value` up to the first empty line. Ignores unknown keys. */
export function parseGitCredential(text: string): GitCredential {
  const all = `${text}\n\n`.split(/\r?\n/);
  const lines = all.slice(0, all.indexOf("")).map((line) => line.split(/=(.*)/));
  const last = (key: string) => lines.findLast(([name]) => name === key)?.[1];
  return {
    protocol: last("protocol") ?? "",
    host: (last("host") ?? "").toLowerCase(),
    username: last("username") || undefined,
    secret: last("password") || last("credential") || undefined,
    supportsAuthtype: lines.some(([name, value]) => name === "capability[]" && value === "authtype"),
  };
}

/**
 * The current and the former host names of Azure DevOps. The pattern allows only a name before the domain: old versions of
 * git take everything up to the first slash as the host, whereas curl stops at `#` or `@`.
 */
const AZURE_REPOS = /^(dev\.azure\.com|[a-z0-9-]+\.visualstudio\.com)(:443)?$/;

/** Reports whether a host may receive a token: Azure Repos or one of `hosts`, over https only. */
export function mayReceiveToken({ protocol, host }: GitCredential, hosts: readonly string[]): boolean {
  if (protocol !== "https") return false;
  return AZURE_REPOS.test(host) ||
    hosts.some((named) => withoutDefaultPort(named.toLowerCase()) === withoutDefaultPort(host));
}

function withoutDefaultPort(host: string): string {
  return host.replace(/:443$/, "");
}

/** Checks a host that the user named: git sends no scheme, path or user in `host`. @throws {CliError} `usage` */
export function checkGitHost(host: string): void {
  if (/^[^\s/\\@?#]+$/.test(host)) return;
  throw new CliError(
    "usage",
    `Invalid --host ${
      JSON.stringify(host)
    }: expected a host name with an optional port, such as git.contoso.com:8443`,
  );
}

/** Formats the response to git. */
export function formatGitCredential(token: Token, request: GitCredential): string {
  const secret = token.accessToken.reveal();
  const response: Readonly<Record<string, string>> = request.supportsAuthtype
    ? { "capability[]": "authtype", authtype: token.tokenType, credential: secret, ephemeral: "1" }
    // Azure Repos ignores the user name, but git requires one.
    : { username: request.username ?? (token.account?.username || "token"), password: secret };
  const lines = Object.entries({ ...response, password_expiry_utc: String(token.expiresAt) });
  return lines.map(([key, value]) => `${key}=${value}\n`).join("");
}
