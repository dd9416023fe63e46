import { decodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../../errors.ts";
import type { Account } from "../../identity/token.ts";
import { type JsonObject, parseJsonObject } from "../../text/json.ts";
import { Secret } from "../../text/secret.ts";
import { CHECK_AUTHORITY, entraAuthority } from "../authority.ts";
import { validateIdToken } from "../id_token.ts";
import type { IssuedTokens } from "../token_client.ts";
import type { TokenResponse } from "../token_response.ts";
import type { Msal, TokenClientOptions } from "./msal_app.ts";
import { type SerializableCache, takeCache, withDiscovery } from "./msal_cache.ts";
import type { AuthorityNetworkModule } from "./msal_network_module.ts";

/** MSAL copies the account ID from `client_info` without validation. It is a key and is not displayed. */
const HOME_ACCOUNT_ID = /^[\x21-\x7e]{1,300}$/;

/** What was requested. */
export interface TokenDemand {
  readonly scopes: readonly string[];
  /** The nonce that was sent, or null for a grant without one. */
  readonly nonce: string | null;
}

/** The part of MSAL's result that the response does not contain in a simple form. */
export interface MsalResult {
  readonly account: { readonly homeAccountId: string } | null;
}

/**
 * Returns a user's tokens after MSAL has processed the response: validates the ID token, and takes what a refresh needs.
 *
 * @throws {CliError} `invalid_response`, or `wrong_account` for a token of another tenant.
 */
export function userTokens(
  options: TokenClientOptions,
  { app, network }: Msal<{ getTokenCache(): SerializableCache<unknown> }>,
  result: MsalResult | null,
  { scopes, nonce }: TokenDemand,
): IssuedTokens {
  const { metadata, discovered, tokenResponse } = network;
  const idToken = tokenResponse?.idToken ?? null;
  if (tokenResponse === null || idToken === null || !result?.account) {
    throw missingIdToken();
  }
  const { homeAccountId } = result.account;
  if (!HOME_ACCOUNT_ID.test(homeAccountId)) {
    throw namesNoAccount();
  }
  const nowMs = options.clock.now();
  const subject = validateIdToken(idToken, {
    authority: entraAuthority(options.authority, options.tenant),
    metadata,
    clientId: options.clientId,
    nonce,
    nowMs,
  });
  const account = { homeAccountId, ...subject };
  const cache = takeCache(app.getTokenCache());
  return issue(tokenResponse, { scopes, account, nowMs }, withDiscovered(cache, discovered, nowMs));
}

/**
 * Returns the tokens of a refresh, which belong to `account` unless the response names another one.
 *
 * @param clientInfo The response's `client_info`.
 * @throws {CliError} `invalid_response`, or `wrong_account` for a token of another account.
 */
export function refreshedTokens(
  options: TokenClientOptions,
  { metadata, discovered, tokenResponse }: AuthorityNetworkModule,
  { scopes, account, cache, clientInfo }: {
    readonly scopes: readonly string[];
    readonly account: Account;
    readonly cache: Secret;
    readonly clientInfo: unknown;
  },
): IssuedTokens {
  if (tokenResponse === null) {
    throw new CliError("invalid_response", "The sign-in service returned no token", { hint: "Try again." });
  }
  const { idToken } = tokenResponse;
  const subject = idToken === null ? {} : validateIdToken(idToken, {
    authority: entraAuthority(options.authority, options.tenant),
    metadata,
    clientId: options.clientId,
    nonce: null,
    nowMs: null,
  });
  const refreshed = { ...account, ...subject };
  const named = homeAccountIn(clientInfo);
  if (
    refreshed.objectId !== account.objectId || refreshed.tenantId !== account.tenantId ||
    (named !== null && named !== account.homeAccountId)
  ) {
    throw new CliError(
      "wrong_account",
      "The refreshed token is for another account than the one that signed in",
      { hint: "Sign in again with --force." },
    );
  }
  const nowMs = options.clock.now();
  const kept = withDiscovered(cache, discovered, nowMs);
  return issue(tokenResponse, { scopes, account: refreshed, nowMs }, kept);
}

function withDiscovered(cache: Secret, discovered: JsonObject | null, nowMs: number): Secret {
  return discovered === null ? cache : withDiscovery(cache, discovered, nowMs);
}

/** Returns the account that `client_info` names, or null without `client_info`. */
function homeAccountIn(clientInfo: unknown): string | null {
  if (clientInfo === undefined || clientInfo === null || clientInfo === "") return null;
  const info = typeof clientInfo === "string" ? parseJsonObject(decodeText(clientInfo)) : null;
  if (typeof info?.uid === "string" && typeof info.utid === "string") return `${info.uid}.${info.utid}`;
  throw namesNoAccount();
}

function decodeText(base64Url: string): Uint8Array {
  try {
    return decodeBase64Url(base64Url);
  } catch {
    return new Uint8Array();
  }
}

/** Returns the error for a sign-in whose token response has no ID token. */
export function missingIdToken(): CliError {
  return new CliError("invalid_response", "The token response has no ID token", {
    hint: "Check --authority: Entra sends one with every sign-in.",
  });
}

function namesNoAccount(): CliError {
  return new CliError("invalid_response", "Invalid token response: client_info names no account", {
    hint: CHECK_AUTHORITY,
  });
}

/**
 * Returns an application's token. There is no refresh token: the next one is requested in the same way.
 *
 * @throws {CliError} `invalid_response` if there is no response.
 */
export function applicationTokens(
  response: TokenResponse | null,
  scopes: readonly string[],
  nowMs: number,
): IssuedTokens {
  if (response !== null) return issue(response, { scopes, account: null, nowMs }, new Secret(""));
  throw new CliError("invalid_response", "The sign-in service returned no token", { hint: "Try again." });
}

function issue(
  { accessToken, expiresInSeconds, refreshInSeconds, scopes: granted }: TokenResponse,
  { scopes, account, nowMs }: { scopes: readonly string[]; account: Account | null; nowMs: number },
  cache: Secret,
): IssuedTokens {
  const now = Math.floor(nowMs / 1000);
  const expiresAt = now + expiresInSeconds;
  const token = { accessToken, tokenType: "Bearer", scopes: granted ?? scopes, expiresAt, account } as const;
  return {
    token: refreshInSeconds === null ? token : { ...token, refreshAt: now + refreshInSeconds },
    cache,
  };
}
