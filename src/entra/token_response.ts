import { CliError } from "../errors.ts";
import type { JsonObject } from "../text/json.ts";
import { Secret } from "../text/secret.ts";
import { CHECK_AUTHORITY } from "./authority.ts";

/**
 * A longer lifetime is cut to this. Tokens of clients that evaluate access continuously live up to 28 hours; an
 * administrator of AD FS can set more.
 */
const MAX_LIFE_SECONDS = 7 * 24 * 60 * 60;
const MAX_TOKEN = 256 * 1024;

/** The characters of a bearer token (RFC 6750 section 2.1). None of them is special in a shell or in a header. */
const BEARER_TOKEN = /^[\w\-.~+/]+=*$/;

/** The characters of a refresh token (RFC 6749 appendix A.17). It is sent back unchanged. */
const REFRESH_TOKEN = /^[\x20-\x7e]+$/;

/** The characters of scopes (RFC 6749 section 3.3) and the spaces between them. */
const SCOPES = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A validated successful token response (RFC 6749 section 5.1). */
export interface TokenResponse {
  readonly accessToken: Secret;
  /** The remaining lifetime in whole seconds, at least 1. */
  readonly expiresInSeconds: number;
  /** When to refresh the token although it lives on, in seconds from now (Entra's `refresh_in`), or null. */
  readonly refreshInSeconds: number | null;
  /** The granted scopes, or null if the response omits them because they are the requested ones. */
  readonly scopes: readonly string[] | null;
  /** The ID token, not validated, or null if there is none. */
  readonly idToken: Secret | null;
}

/**
 * Validates the body of a token response. MSAL accepts an empty object as success.
 *
 * @throws {CliError} `invalid_response` that names the first invalid field without quoting its value.
 */
export function validateTokenResponse(body: JsonObject): TokenResponse {
  const { access_token: accessToken, id_token: idToken } = body;
  if (accessToken === undefined && typeof idToken === "string") throw noAccessToken();
  if (
    typeof accessToken !== "string" || accessToken.length > MAX_TOKEN || !BEARER_TOKEN.test(accessToken)
  ) {
    throw invalidField("access_token", "a token");
  }
  if (typeof body.token_type !== "string" || body.token_type.toLowerCase() !== "bearer") {
    throw invalidField("token_type", "Bearer");
  }
  const expiresIn = seconds(body.expires_in);
  if (expiresIn === null) {
    throw invalidField("expires_in", "a positive number of seconds");
  }
  if (body.scope !== undefined && (typeof body.scope !== "string" || !SCOPES.test(body.scope))) {
    throw invalidField("scope", "a list of scopes");
  }
  validateRefreshToken(body.refresh_token);
  const refreshIn = seconds(body.refresh_in);
  return {
    accessToken: new Secret(accessToken),
    expiresInSeconds: Math.min(Math.floor(expiresIn), MAX_LIFE_SECONDS),
    refreshInSeconds: refreshIn !== null && refreshIn < expiresIn ? Math.floor(refreshIn) : null,
    scopes: body.scope === undefined ? null : body.scope.split(" ").filter((scope) => scope !== ""),
    idToken: typeof idToken === "string" && idToken !== "" ? new Secret(idToken) : null,
  };
}

/** Returns a positive number of seconds, which some authorities send as text; null for anything else. */
function seconds(value: unknown): number | null {
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === "number" && number >= 1 ? number : null;
}

/**
 * Returns the refresh token of a response, or null if there is no valid one. It counts even if the rest of the response is
 * invalid, because the authority may accept the previous one no more (RFC 6749 section 6).
 */
export function findRefreshToken({ refresh_token: value }: JsonObject): Secret | null {
  return isRefreshToken(value) ? new Secret(value) : null;
}

function isRefreshToken(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TOKEN && REFRESH_TOKEN.test(value);
}

/** An invalid refresh token would end the session. */
function validateRefreshToken(value: unknown): void {
  if (value === undefined || value === null || value === "") return;
  if (!isRefreshToken(value)) throw invalidField("refresh_token", "a token");
}

/** B2C sends only an ID token if the request names no API. */
function noAccessToken(): CliError {
  return new CliError(
    "invalid_response",
    "The sign-in service returned no access token: no scope names an API",
    {
      hint: "Name a scope of an API with --scope, or for the application itself its client ID.",
    },
  );
}

function invalidField(name: string, expected: string): CliError {
  return new CliError("invalid_response", `Invalid token response: ${name} is not ${expected}`, {
    hint: CHECK_AUTHORITY,
  });
}
