import { decodeJwt, decodeProtectedHeader } from "jose";

/** What a JWT says, unverified. */
export interface DecodedToken {
  /** Its protected header (RFC 7515 section 4). */
  readonly header: Readonly<Record<string, unknown>>;
  /** Its claims; null where only its audience can read them, for they are encrypted (RFC 7516). */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

/** What `token` says, or null when it is no JWT: access tokens may be opaque (RFC 9068 section 6). */
export function decodeToken(token: string): DecodedToken | null {
  try {
    const header = { ...decodeProtectedHeader(token) };
    return { header, claims: token.split(".").length === 5 ? null : decodeJwt(token) };
  } catch {
    return null;
  }
}
