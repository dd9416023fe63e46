import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import { entraAuthority } from "../authority.ts";
import { validateIdToken } from "../id_token.ts";
import type { Msal, TokenClientOptions } from "./msal_app.ts";
import { type SerializableCache, takeCache } from "./msal_cache.ts";
import type { IssuedTokens } from "../token_client.ts";

/** MSAL makes an account's id of whatever `client_info` holds; it finds the account again, and stands for no person's eyes. */
const HOME_ACCOUNT_ID = /^[\x21-\x7e]{1,300}$/;

/** What was asked for, which the answer is judged by. */
export interface TokenDemand {
  /** The scopes that were asked for. */
  readonly scopes: readonly string[];
  /** The nonce that was sent, or null where the grant has none. */
  readonly nonce: string | null;
}

/** What MSAL makes of a token response, as far as it is used here. */
export interface MsalResult {
  /** The user, if MSAL found one. */
  readonly account: { readonly homeAccountId: string } | null;
  /** The ID token, not judged. */
  readonly idToken: string;
  /** What is in it. */
  readonly idTokenClaims: object;
  /** The access token. */
  readonly accessToken: string;
}

/**
 * A user's tokens, once MSAL has taken them in: the ID token is judged, and what a refresh needs is taken along.
 *
 * @throws {CliError} `invalid_response`, or `wrong_account` for another tenant's token.
 */
export function issuedTokens(
  options: TokenClientOptions,
  { app, network }: Msal<{ getTokenCache(): SerializableCache<unknown> }>,
  result: MsalResult | null,
  { scopes, nonce }: TokenDemand,
): IssuedTokens {
  const { metadata, tokenResponse } = network;
  if (tokenResponse === null || result === null || result.account === null) {
    throw new CliError("invalid_response", "The token response has no ID token", {
      hint: "Check --authority: Entra sends one with every sign-in.",
    });
  }
  const { homeAccountId } = result.account;
  if (!HOME_ACCOUNT_ID.test(homeAccountId)) {
    throw new CliError("invalid_response", "The token response is not valid: client_info names no account", {
      hint: "Check --authority, and that no proxy answers in place of the sign-in service.",
    });
  }
  const nowMs = options.clock.now();
  const subject = validateIdToken(result.idToken, { ...result.idTokenClaims }, {
    authority: entraAuthority(options.authority, options.tenant),
    metadata,
    clientId: options.clientId,
    nonce,
    nowMs,
  });
  return {
    token: {
      accessToken: new Secret(result.accessToken),
      tokenType: "Bearer",
      scopes: tokenResponse.scopes ?? scopes,
      expiresAt: Math.floor(nowMs / 1000) + tokenResponse.expiresInSeconds,
      account: { homeAccountId, ...subject },
    },
    cache: takeCache(app.getTokenCache()),
  };
}
