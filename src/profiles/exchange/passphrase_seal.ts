import { decryptAesGcm, encryptAesGcm } from "@std/crypto/aes-gcm";
import { CliError } from "../../errors.ts";
import { isJsonObject } from "../../text/json.ts";
import type { Secret } from "../../text/secret.ts";
import { notAnExport, PORTABLE_FORMAT } from "./portable_file.ts";

/**
 * An export sealed with a passphrase, as JSON. The key is derived by PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2), the
 * text is encrypted by AES-256-GCM, and all other fields are authenticated.
 */
interface SealedFile {
  readonly format: string;
  readonly version: number;
  readonly keyDerivation: "PBKDF2-HMAC-SHA-256";
  readonly iterations: number;
  /** 16 random bytes, base64. */
  readonly salt: string;
  readonly encryption: "AES-256-GCM";
  /** Nonce, ciphertext and tag, base64. */
  readonly sealed: string;
}

const VERSION = 1;
const SALT_LENGTH = 16;
/** The recommendation of OWASP's Password Storage Cheat Sheet for PBKDF2 with HMAC-SHA-256. */
const ITERATIONS = 600_000;
/** A file with more would only keep the machine busy. */
const MAX_ITERATIONS = 10_000_000;

/** Encrypts `text` with a passphrase. Returns the content of the file. */
export async function sealText(text: string, passphrase: Secret): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_LENGTH));
  const header = headerOf(ITERATIONS, salt.toBase64());
  const key = await deriveKey(passphrase, { salt, iterations: ITERATIONS, cipher: "AES-GCM" });
  const sealed = await encryptAesGcm(key, new TextEncoder().encode(text), {
    additionalData: additionalData(header),
  });
  return JSON.stringify({ ...header, sealed: sealed.toBase64() }, null, 2) + "\n";
}

/** Reports whether the JSON value claims to be a file written by {@linkcode sealText}. */
export function isSealed(value: unknown): boolean {
  return isJsonObject(value) && Object.hasOwn(value, "sealed");
}

/**
 * Decrypts what {@linkcode sealText} returns.
 *
 * @param path The path of the file, for messages.
 * @param askPassphrase Called once the file is known to need one.
 * @throws {CliError} `invalid_profile` if the file has another format, is newer or damaged, or the passphrase is wrong: the
 *   last two cannot be distinguished.
 */
export async function openSealed(
  path: string,
  value: unknown,
  askPassphrase: () => Promise<Secret>,
): Promise<string> {
  const { iterations, salt, sealed } = validateSealed(path, value);
  const header = headerOf(iterations, salt.toBase64());
  const key = await deriveKey(await askPassphrase(), { salt, iterations, cipher: "AES-GCM" });
  try {
    const text = await decryptAesGcm(key, sealed, { additionalData: additionalData(header) });
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    throw undecryptable(path);
  }
}

export function undecryptable(path: string): CliError {
  return new CliError("invalid_profile", `Cannot decrypt ${path}: wrong passphrase, or the file is damaged`, {
    hint: "Check the passphrase. If it is right, export the profiles again.",
  });
}

interface KeyDerivation {
  readonly salt: Uint8Array<ArrayBuffer>;
  /** Rounds of PBKDF2. */
  readonly iterations: number;
  readonly cipher: "AES-GCM" | "AES-CBC";
}

/** Derives a key of 256 bits from a passphrase, by PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2). */
export async function deriveKey(
  passphrase: Secret,
  { salt, iterations, cipher }: KeyDerivation,
): Promise<CryptoKey> {
  // Keyboards differ in how they compose an accented letter.
  const bytes = new TextEncoder().encode(passphrase.reveal().normalize("NFC"));
  const material = await crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveKey"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return await crypto.subtle.deriveKey(derivation, material, { name: cipher, length: 256 }, false, [
    "encrypt",
    "decrypt",
  ]);
}

function headerOf(iterations: number, salt: string): Omit<SealedFile, "sealed"> {
  return {
    format: PORTABLE_FORMAT,
    version: VERSION,
    keyDerivation: "PBKDF2-HMAC-SHA-256",
    iterations,
    salt,
    encryption: "AES-256-GCM",
  };
}

/** Returns the header as it is authenticated: always formatted in the same way. */
function additionalData(header: Omit<SealedFile, "sealed">): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(header));
}

function validateSealed(
  path: string,
  value: unknown,
): { iterations: number; salt: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer> } {
  if (!isJsonObject(value) || value.format !== PORTABLE_FORMAT) throw notAnExport(path);
  const { version, iterations, salt, sealed } = value;
  if (typeof version === "number" && version > VERSION) {
    throw new CliError("invalid_profile", `Version ${version} of ${path} is newer than this program`, {
      hint: "Update entra-auth-cli.",
    });
  }
  const bytes = { salt: base64(salt), sealed: base64(sealed) };
  const isCount = typeof iterations === "number" && Number.isSafeInteger(iterations) &&
    iterations >= ITERATIONS && iterations <= MAX_ITERATIONS;
  const isKnown = version === VERSION && value.keyDerivation === "PBKDF2-HMAC-SHA-256" &&
    value.encryption === "AES-256-GCM";
  if (!isKnown || !isCount || bytes.salt?.length !== SALT_LENGTH || bytes.sealed === null) {
    throw undecryptable(path);
  }
  return { iterations, salt: bytes.salt, sealed: bytes.sealed };
}

function base64(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof value !== "string") return null;
  try {
    return Uint8Array.fromBase64(value);
  } catch {
    return null;
  }
}
