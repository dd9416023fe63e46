import { CliError } from "../errors.ts";

/** The longest life that is believed, in seconds. Entra's tokens live at most a day. */
const MAX_LIFE_SECONDS = 24 * 60 * 60;
const MAX_TOKEN = 256 * 1024;

/** What a bearer token is made of (RFC 6750 section 2.1). Nothing in it means anything to a shell or in a header. */
const BEARER_TOKEN = /^[\w\-.~+/]+=*$/;

/** What a refresh token is made of (RFC 6749 appendix A.17). It is sent back as it is. */
const REFRESH_TOKEN = /^[\x20-\x7e]+$/;

/** What scopes are made of (RFC 6749 section 3.3), and the spaces between them. */
const SCOPES = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** What a good token response (RFC 6749 section 5.1) says about the access token. */
export interface TokenResponse {
  /** How long the token lives from now, in whole seconds, at least 1. */
  readonly expiresInSeconds: number;
  /** Granted scopes, or null when the response leaves them out, which means as asked. */
  readonly scopes: readonly string[] | null;
}

/**
 * Judges the body of a token response before anything of it is used: MSAL takes an empty object for a success.
 *
 * @throws {CliError} `invalid_response` that names the first field that is wrong, and never quotes its value.
 */
export function validateTokenResponse(body: Readonly<Record<string, unknown>>): TokenResponse {
  const accessToken = body.access_token;
  if (
    typeof accessToken !== "string" || accessToken.length > MAX_TOKEN ||
    !BEARER_TOKEN.test(accessToken)
  ) {
    throw wrongField("access_token", "a token");
  }
  if (typeof body.token_type !== "string" || body.token_type.toLowerCase() !== "bearer") {
    throw wrongField("token_type", "Bearer");
  }
  const expiresIn = typeof body.expires_in === "string" && /^\d+$/.test(body.expires_in)
    ? Number(body.expires_in)
    : body.expires_in;
  if (typeof expiresIn !== "number" || !(expiresIn >= 1)) {
    throw wrongField("expires_in", "seconds above zero");
  }
  if (body.scope !== undefined && (typeof body.scope !== "string" || !SCOPES.test(body.scope))) {
    throw wrongField("scope", "a list of scopes");
  }
  validateRefreshToken(body.refresh_token);
  return {
    expiresInSeconds: Math.min(Math.floor(expiresIn), MAX_LIFE_SECONDS),
    scopes: body.scope === undefined ? null : body.scope.split(" ").filter((scope) => scope !== ""),
  };
}

/** MSAL keeps whatever comes in place of the one it has, and the sign-in would be lost with the next refresh. */
function validateRefreshToken(value: unknown): void {
  if (value === undefined || value === null || value === "") return;
  if (typeof value !== "string" || value.length > MAX_TOKEN || !REFRESH_TOKEN.test(value)) {
    throw wrongField("refresh_token", "a token");
  }
}

function wrongField(name: string, wanted: string): CliError {
  return new CliError("invalid_response", `The token response is not valid: ${name} is not ${wanted}`, {
    hint: "Check --authority, and that no proxy answers in place of the sign-in service.",
  });
}
