import type { Token } from "../../identity/token.ts";

/** What git asks a credential helper for, and what it says of it (`git help credential`). */
export interface GitCredential {
  /** `https`, say. */
  readonly protocol: string;
  /** The host, with its port where it has one. */
  readonly host: string;
  /** The user name in the URL, where there is one. */
  readonly username: string | undefined;
  /** The secret that was refused, for `erase`. */
  readonly secret: string | undefined;
  /** Whether this git takes the token as it is, and the scheme with it (git 2.46 and later). */
  readonly takesAuthtype: boolean;
}

/** Reads what git writes: a line for each attribute, `key=value`, to the first empty line. What isn't known is ignored. */
export function parseGitCredential(text: string): GitCredential {
  const all = `${text}\n\n`.split(/\r?\n/);
  const lines = all.slice(0, all.indexOf("")).map((line) => line.split(/=(.*)/));
  const last = (key: string) => lines.findLast(([name]) => name === key)?.[1];
  return {
    protocol: last("protocol") ?? "",
    host: (last("host") ?? "").toLowerCase(),
    username: last("username") || undefined,
    secret: last("password") || last("credential") || undefined,
    takesAuthtype: lines.some(([name, value]) => name === "capability[]" && value === "authtype"),
  };
}

/**
 * Azure DevOps, as its URLs name it now and as they did before. Nothing but a name stands before the domain: gits of old
 * take all up to the first slash for the host, where curl stops at `#` or `@`.
 */
const AZURE_REPOS = /^(dev\.azure\.com|[a-z0-9-]+\.visualstudio\.com)(:443)?$/;

/** Whether a token may be sent there: by https to Azure Repos, or to a host that the user named. */
export function isAnswered({ protocol, host }: GitCredential, hosts: readonly string[]): boolean {
  if (protocol !== "https") return false;
  return AZURE_REPOS.test(host) || hosts.some((named) => named.toLowerCase() === host);
}

/** The answer for git. */
export function formatGitCredential(token: Token, asked: GitCredential): string {
  const secret = token.accessToken.reveal();
  const answer: Readonly<Record<string, string>> = asked.takesAuthtype
    ? { "capability[]": "authtype", authtype: token.tokenType, credential: secret, ephemeral: "1" }
    // Azure Repos looks at the password alone, but git wants a name too.
    : { username: asked.username ?? (token.account?.username || "token"), password: secret };
  const lines = Object.entries({ ...answer, password_expiry_utc: String(token.expiresAt) });
  return lines.map(([key, value]) => `${key}=${value}\n`).join("");
}
