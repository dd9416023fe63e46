import { encodeBase64Url } from "@std/encoding/base64url";
import { Secret } from "../text/secret.ts";

const RANDOM_OCTETS = 32;

/** The pair of RFC 7636: the verifier stays here until the code is redeemed, the challenge goes to the authority. */
export interface PkcePair {
  /** Sent once, when the code is redeemed. */
  readonly verifier: Secret;
  /** Sent in the authorization request. */
  readonly challenge: string;
}

/** 256 random bits in 43 URL-safe characters: for a verifier (RFC 7636 section 4.1), a `state` or a `nonce`. */
export function generateRandomValue(): Secret {
  return new Secret(encodeBase64Url(crypto.getRandomValues(new Uint8Array(RANDOM_OCTETS))));
}

/**
 * A fresh verifier and its challenge. Ours rather than MSAL's, whose verifiers carry fewer than the 256 bits that
 * RFC 7636 section 7.1 recommends.
 */
export async function generatePkcePair(): Promise<PkcePair> {
  const verifier = generateRandomValue();
  return { verifier, challenge: await deriveChallenge(verifier.reveal()) };
}

/** The S256 challenge of a verifier: base64url of its SHA-256 (RFC 7636 section 4.2). */
export async function deriveChallenge(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return encodeBase64Url(digest);
}
