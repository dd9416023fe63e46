import { encodeBase64Url } from "@std/encoding/base64url";
import { Secret } from "../text/secret.ts";

const RANDOM_OCTETS = 32;

/** A code verifier and its challenge (RFC 7636). */
export interface PkcePair {
  /** Sent once, when the authorization code is redeemed. */
  readonly verifier: Secret;
  /** Sent in the authorization request. */
  readonly challenge: string;
}

/** Returns 256 random bits in 43 URL-safe characters: a verifier (RFC 7636 section 4.1), a `state` or a `nonce`. */
export function generateRandomValue(): Secret {
  return new Secret(encodeBase64Url(crypto.getRandomValues(new Uint8Array(RANDOM_OCTETS))));
}

/**
 * Returns a new verifier and its challenge. MSAL's verifiers have fewer than the 256 bits that RFC 7636 section 7.1
 * recommends.
 */
export async function generatePkcePair(): Promise<PkcePair> {
  const verifier = generateRandomValue();
  return { verifier, challenge: await deriveChallenge(verifier.reveal()) };
}

/** Returns the S256 challenge of a verifier: the SHA-256 in base64url (RFC 7636 section 4.2). */
export async function deriveChallenge(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return encodeBase64Url(digest);
}
