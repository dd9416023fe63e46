import type { Secret } from "../text/secret.ts";

/** The user that a token is for. */
export interface Account {
  /** Entra's stable ID of the account in its home tenant (`oid.tid`). Identifies the account. */
  readonly homeAccountId: string;
  /**
   * The sign-in name, or another name if there is none. For display: it can change. Ends with U+FFFD if it was sanitized.
   * Empty only in sessions of earlier versions.
   */
  readonly username: string;
  /** The object ID of the user in `tenantId`. */
  readonly objectId: string;
  /** The tenant that issued the tokens. */
  readonly tenantId: string;
}

/** An access token. */
export interface Token {
  readonly accessToken: Secret;
  readonly tokenType: "Bearer";
  /** The granted scopes, as the authority names them. */
  readonly scopes: readonly string[];
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** When the authority wants it refreshed although it lives on, in seconds since 1970. */
  readonly refreshAt?: number | undefined;
  /** Null for a token of an application. */
  readonly account: Account | null;
}

/** A cached token is refreshed when less than this is left of its lifetime. */
export const REFRESH_MARGIN_SECONDS = 300;

/**
 * Reports whether the token has expired at `nowMs` (milliseconds since 1970), or expires within `marginSeconds`. A token is
 * expired in the second of its expiry (RFC 7519 section 4.1.4).
 */
export function isExpired(
  token: { readonly expiresAt: number },
  nowMs: number,
  marginSeconds = 0,
): boolean {
  const leftMs = token.expiresAt * 1000 - nowMs;
  // NaN counts as expired.
  return !(leftMs > 0 && leftMs >= marginSeconds * 1000);
}
