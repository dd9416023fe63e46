import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from "jose";

/** The RSA key that signs every token, as a private JWK for the provider and as a key for forged tokens. */
export interface SigningKey {
  readonly jwk: JWK & { kid: string };
  readonly privateKey: CryptoKey;
}

let made: Promise<SigningKey> | undefined;

/**
 * The key of this process. Making an RSA key takes longer than all the rest of a provider's start, and nothing is
 * gained by a new one for each, so every provider of the process shares it.
 */
export function signingKey(): Promise<SigningKey> {
  made ??= makeSigningKey();
  return made;
}

async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true });
  const jwk = await exportJWK(privateKey);
  return { privateKey, jwk: { ...jwk, kid: crypto.randomUUID(), use: "sig", alg: "RS256" } };
}
