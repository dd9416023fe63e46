import { decodeJwt } from "jose";

/** The claims of a JWT, unverified, or null when `token` isn't one: access tokens may be opaque (RFC 9068 section 6). */
export function decodeClaims(token: string): Readonly<Record<string, unknown>> | null {
  try {
    return decodeJwt(token);
  } catch {
    return null;
  }
}
