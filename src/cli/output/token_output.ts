import { CliError } from "../../errors.ts";
import type { TokenResult } from "../../flows/get_token/token_request.ts";
import type { Token } from "../../identity/token.ts";
import { MANAGED_IDENTITY } from "../../profiles/profile.ts";
import { accountDocument, formatDocument, formatJson } from "./document_format.ts";
import { formatExecCredential, parseExecInfo } from "./exec_credential.ts";
import { localTime, utcTime } from "./time.ts";

export const OUTPUT_FORMATS = [
  "text",
  "token",
  "json",
  "yaml",
  "env",
  "header",
  "bearer",
  "az",
  "exec-credential",
] as const;

/** Matches the beginning of a file with a token in one of the formats. An opaque token is long and on a line of its own. */
export const TOKEN_FILE =
  /^(?:(?:ACCESS_TOKEN=|(?:Authorization: )?Bearer )?[\w.~+/=-]{100,}\s*$|access_token: |\{\s*"(?:access_token|accessToken)":|\{[^{}]*"ExecCredential")/;

/** An output format of `get-token`. `text` prints the token only if stdout is not a terminal. */
export type OutputFormat = typeof OUTPUT_FORMATS[number];

/** What the formats contain besides the token. */
export interface TokenOutputContext {
  readonly profile: string;
  /** The configured tenant, for tokens without an account. */
  readonly tenant: string;
  readonly clientId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The API version that a Kubernetes client requested. */
  readonly apiVersion?: string | undefined;
}

/** The output formats of `refresh`: no Kubernetes client runs it. With `text` it prints no token. */
export const REFRESH_FORMATS: readonly OutputFormat[] = OUTPUT_FORMATS.filter((format) =>
  format !== "exec-credential"
);

/** Parses the value of `--output`. @throws {CliError} `usage` if it is not one of `formats`. */
export function parseOutputFormat(
  text: string,
  formats: readonly OutputFormat[] = OUTPUT_FORMATS,
): OutputFormat {
  const format = formats.find((name) => name === text);
  if (format !== undefined) return format;
  throw new CliError(
    "usage",
    `Invalid output format ${JSON.stringify(text)}: expected ${formats.join(", ")}`,
    { hint: "Example: --output json" },
  );
}

/** Formats a token, with a final newline. No format contains a refresh token. */
export async function formatToken(
  result: TokenResult,
  format: OutputFormat,
  context: TokenOutputContext,
): Promise<string> {
  const token = result.token.accessToken.reveal();
  switch (format) {
    case "text":
    case "token":
      return `${token}\n`;
    case "env":
      return `ACCESS_TOKEN=${token}\n`;
    case "header":
      return `Authorization: ${result.token.tokenType} ${token}\n`;
    case "bearer":
      return `${result.token.tokenType} ${token}\n`;
    case "az":
      return formatJson(azTokenDocument(result.token, context.tenant));
    case "exec-credential":
      return formatExecCredential(result.token, context.apiVersion ?? parseExecInfo(undefined).apiVersion);
    case "json":
    case "yaml":
      return await formatDocument(tokenDocument(result, context), format);
  }
}

function tokenDocument({ token, source }: TokenResult, context: TokenOutputContext): Record<string, unknown> {
  return {
    access_token: token.accessToken.reveal(),
    token_type: token.tokenType,
    expires_in: Math.max(0, token.expiresAt - Math.floor(context.nowMs / 1000)),
    expires_at: utcTime(token.expiresAt),
    scope: token.scopes.join(" "),
    tenant_id: token.account?.tenantId ?? known(context.tenant),
    client_id: known(context.clientId),
    profile: context.profile,
    account: accountDocument(token.account),
    source,
  };
}

/** A managed identity has a tenant and a client ID, but does not report them. */
function known(id: string): string | null {
  return id === MANAGED_IDENTITY ? null : id;
}

/**
 * Describes a token like `az account get-access-token`, whose `expiresOn` is local time with microseconds. `subscription`
 * is null, as it is if az is called with a tenant.
 *
 * @param tenant The configured tenant, for a token without an account.
 */
export function azTokenDocument(token: Token, tenant: string): Record<string, unknown> {
  return {
    accessToken: token.accessToken.reveal(),
    expiresOn: `${localTime(token.expiresAt)}.000000`,
    expires_on: token.expiresAt,
    subscription: null,
    tenant: token.account?.tenantId ?? known(tenant),
    tokenType: token.tokenType,
  };
}
