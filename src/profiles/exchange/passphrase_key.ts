import type { Secret } from "../../text/secret.ts";

/** How a key comes from a passphrase, and what it is for. */
export interface KeyDerivation {
  /** Random, and no secret. */
  readonly salt: Uint8Array<ArrayBuffer>;
  /** Rounds of PBKDF2. */
  readonly iterations: number;
  /** The cipher. */
  readonly cipher: "AES-GCM" | "AES-CBC";
}

/** A key of 256 bits from a passphrase, by PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2). */
export async function deriveKey(
  passphrase: Secret,
  { salt, iterations, cipher }: KeyDerivation,
): Promise<CryptoKey> {
  // One form of Unicode, for keyboards differ in how they write an accent.
  const bytes = new TextEncoder().encode(passphrase.reveal().normalize("NFC"));
  const material = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveKey"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return await crypto.subtle.deriveKey(derivation, material, { name: cipher, length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}
