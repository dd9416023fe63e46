import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";

/** The RSA key that signs every token, as a private JWK for the provider and as a key for forged tokens. */
export interface SigningKey {
  readonly jwk: JWK & { kid: string };
  readonly privateKey: CryptoKey;
}

let made: Promise<SigningKey> | undefined;

/** A key for every process of a test run, as a JWK: `scripts/check/test.ts` makes it. */
const SHARED_KEY_VARIABLE = "ENTRA_AUTH_CLI_TEST_SIGNING_KEY";

/**
 * Returns the key that every provider of this process shares: to make an RSA key takes longer than the rest of a
 * provider's start.
 */
export function signingKey(): Promise<SigningKey> {
  made ??= openSigningKey();
  return made;
}

async function openSigningKey(): Promise<SigningKey> {
  const shared = Deno.env.get(SHARED_KEY_VARIABLE);
  if (shared === undefined) return await makeSigningKey();
  const jwk = JSON.parse(shared);
  const privateKey = await importJWK(jwk);
  if (privateKey instanceof Uint8Array) {
    throw new Error(`Invalid ${SHARED_KEY_VARIABLE}: expected an RSA key`);
  }
  return { privateKey, jwk };
}

/** The keys of a provider. */
export class KeyRing {
  #published: readonly SigningKey[];

  constructor(
    /** The key that oidc-provider signs with. */
    readonly inner: SigningKey,
  ) {
    this.#published = [inner];
  }

  /** The key that signs what is sent. */
  get signing(): SigningKey {
    return this.#published[0] ?? this.inner;
  }

  /** The public keys, the newest first. */
  get published(): readonly JWK[] {
    return this.#published.map(({ jwk: { kty, n, e, kid, use, alg } }) =>
      ({ kty, n, e, kid, use, alg }) as JWK
    );
  }

  /** Signs with a new key from now on, and publishes the previous one too. */
  async rotate(): Promise<void> {
    this.#published = [await makeSigningKey(), ...this.#published];
  }

  /** Publishes the present key only. */
  removeRetired(): void {
    this.#published = [this.signing];
  }
}

async function makeSigningKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true });
  const jwk = await exportJWK(privateKey);
  return { privateKey, jwk: { ...jwk, kid: crypto.randomUUID(), use: "sig", alg: "RS256" } };
}
