import { decodeJwt, decodeProtectedHeader } from "jose";
import { isTooDeep, type JsonObject } from "../text/json.ts";

/** The content of a JWT whose signature has not been verified. */
export interface DecodedToken {
  /** The protected header (RFC 7515 section 4). */
  readonly header: JsonObject;
  /** The claims, or null if the token is encrypted (RFC 7516), so that only its audience can read them. */
  readonly claims: JsonObject | null;
}

/** Decodes `token`. Returns null if it is not a JWT, or nested too deeply: access tokens may be opaque (RFC 9068 section 6). */
export function decodeToken(token: string): DecodedToken | null {
  try {
    const header = { ...decodeProtectedHeader(token) };
    const claims = token.split(".").length === 5 ? null : decodeJwt(token);
    return isTooDeep(header) || isTooDeep(claims) ? null : { header, claims };
  } catch {
    return null;
  }
}
