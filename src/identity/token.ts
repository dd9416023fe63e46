import type { Secret } from "../text/secret.ts";

/** The user a token is for. */
export interface Account {
  /** Entra's stable identifier of the account in its home tenant (`oid.tid`): the key, never the user name. */
  readonly homeAccountId: string;
  /** The sign-in name, for people to read. It can change and identifies nothing. */
  readonly username: string;
  /** Object id of the user in `tenantId`. */
  readonly objectId: string;
  /** Tenant that issued the tokens. */
  readonly tenantId: string;
}

/** An access token in hand. */
export interface Token {
  /** The token itself. */
  readonly accessToken: Secret;
  /** How it is sent (RFC 6750). */
  readonly tokenType: "Bearer";
  /** The scopes that were granted, as the authority names them. */
  readonly scopes: readonly string[];
  /** When the token ends, in seconds since 1970. */
  readonly expiresAt: number;
  /** The user, or null for a token of an application. */
  readonly account: Account | null;
}

/** How long before its end a token is no longer handed out from the cache, in seconds. */
export const REFRESH_MARGIN_SECONDS = 300;

/**
 * Whether nothing, or less than `marginSeconds`, of the token's life is left at `nowMs` (milliseconds since 1970). At its
 * very end a token is over (RFC 7519 section 4.1.4).
 */
export function isExpired(
  token: { readonly expiresAt: number },
  nowMs: number,
  marginSeconds = 0,
): boolean {
  const leftMs = token.expiresAt * 1000 - nowMs;
  // Written so that an end that is no number counts as expired.
  return !(leftMs > 0 && leftMs >= marginSeconds * 1000);
}
