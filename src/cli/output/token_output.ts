import { CliError } from "../../errors.ts";
import type { TokenResult } from "../../flows/get_token/token_request.ts";
import type { Token } from "../../identity/token.ts";
import { MANAGED_IDENTITY } from "../../profiles/profile.ts";
import { accountDocument, documentText, jsonText } from "./document_format.ts";
import { localTime, utcTime } from "./time.ts";

/** The forms in which `get-token` can print. */
export const OUTPUT_FORMS = [
  "text",
  "token",
  "json",
  "yaml",
  "env",
  "header",
  "az",
  "exec-credential",
] as const;

/** One of {@linkcode OUTPUT_FORMS}. `text` prints the token only where no terminal shows it. */
export type OutputForm = typeof OUTPUT_FORMS[number];

/** What the printed forms say besides the token. */
export interface TokenOutputContext {
  /** Name of the profile. */
  readonly profile: string;
  /** Tenant as configured, for tokens that name no account. */
  readonly tenant: string;
  /** Application (client) id. */
  readonly clientId: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** The version that a Kubernetes client asked for. */
  readonly apiVersion?: string | undefined;
}

/** The form that `text` names. @throws {CliError} `usage` when it names none. */
export function parseOutputForm(text: string): OutputForm {
  const form = OUTPUT_FORMS.find((name) => name === text);
  if (form === undefined) {
    throw new CliError("usage", `Unknown output form: ${JSON.stringify(text)}`, {
      hint: `Choose one of: ${OUTPUT_FORMS.join(", ")}.`,
    });
  }
  return form;
}

/** The text to print for a token, with its line end. Only the token asked for is in it, never a refresh token. */
export async function formatToken(
  result: TokenResult,
  form: OutputForm,
  context: TokenOutputContext,
): Promise<string> {
  const token = result.token.accessToken.reveal();
  switch (form) {
    case "text":
    case "token":
      return `${token}\n`;
    case "env":
      return `ACCESS_TOKEN=${token}\n`;
    case "header":
      return `Authorization: ${result.token.tokenType} ${token}\n`;
    case "az":
      return formatAzToken(result.token, known(context.tenant));
    case "exec-credential": {
      const { formatExecCredential, parseExecInfo } = await import("./exec_credential.ts");
      return formatExecCredential(result.token, context.apiVersion ?? parseExecInfo(undefined).apiVersion);
    }
    case "json":
      return jsonText(tokenDocument(result, context));
    case "yaml":
      return await documentText(tokenDocument(result, context), form);
  }
}

function tokenDocument({ token, source }: TokenResult, context: TokenOutputContext): Record<string, unknown> {
  const { account } = token;
  return {
    access_token: token.accessToken.reveal(),
    token_type: token.tokenType,
    expires_in: Math.max(0, token.expiresAt - Math.floor(context.nowMs / 1000)),
    expires_at: utcTime(token.expiresAt),
    scope: token.scopes.join(" "),
    tenant_id: account?.tenantId ?? known(context.tenant),
    client_id: known(context.clientId),
    profile: context.profile,
    account: accountDocument(account),
    source,
  };
}

/** A managed identity has a tenant and an id, and doesn't say which. */
function known(id: string): string | null {
  return id === MANAGED_IDENTITY ? null : id;
}

/**
 * A token as `az account get-access-token` prints it: with two times of its end, of which `expiresOn` is local and has
 * microseconds. `subscription` is null, for the token was asked for by its tenant.
 */
function formatAzToken(token: Token, tenant: string | null): string {
  return jsonText({
    accessToken: token.accessToken.reveal(),
    expiresOn: `${localTime(token.expiresAt)}.000000`,
    expires_on: token.expiresAt,
    subscription: null,
    tenant: token.account?.tenantId ?? tenant,
    tokenType: token.tokenType,
  });
}
