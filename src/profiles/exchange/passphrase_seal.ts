import { decryptAesGcm, encryptAesGcm } from "@std/crypto/aes-gcm";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../errors.ts";
import type { Secret } from "../../text/secret.ts";
import { notAnExport, PORTABLE_FORMAT } from "./portable_file.ts";
import { isFields } from "../profile_file.ts";

/**
 * An export that a passphrase opens, as JSON. The key is derived by PBKDF2 with HMAC-SHA-256 (RFC 8018 section 5.2), the
 * text is encrypted by AES-256-GCM, and everything else in the file is authenticated with it.
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
/** What OWASP's Password Storage Cheat Sheet asks of PBKDF2 with HMAC-SHA-256. */
const ITERATIONS = 600_000;
/** A file that asks for more would only keep the machine busy. */
const MAX_ITERATIONS = 10_000_000;

/** Encrypts `text` so that only the passphrase opens it; gives the file to write. */
export async function sealText(text: string, passphrase: Secret): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_LENGTH));
  const header = headerOf(ITERATIONS, encodeBase64(salt));
  const key = await deriveKey(passphrase, { salt, iterations: ITERATIONS, cipher: "AES-GCM" });
  const sealed = await encryptAesGcm(key, new TextEncoder().encode(text), {
    additionalData: labelOf(header),
  });
  return JSON.stringify({ ...header, sealed: encodeBase64(sealed) }, null, 2) + "\n";
}

/** Whether the JSON value is a file that {@linkcode sealText} wrote, or says that it is. */
export function isSealed(value: unknown): boolean {
  return isFields(value) && Object.hasOwn(value, "sealed");
}

/**
 * Opens what {@linkcode sealText} wrote.
 *
 * @param path Of the file, for messages.
 * @param askPassphrase Called once the file is known to need one.
 * @throws {CliError} `invalid_profile` where the file is foreign, newer or damaged, or the passphrase wrong: the last two
 *   can't be told apart.
 */
export async function openSealed(
  path: string,
  value: unknown,
  askPassphrase: () => Promise<Secret>,
): Promise<string> {
  const { iterations, salt, sealed } = validate(path, value);
  const header = headerOf(iterations, encodeBase64(salt));
  const key = await deriveKey(await askPassphrase(), { salt, iterations, cipher: "AES-GCM" });
  try {
    const text = await decryptAesGcm(key, sealed, { additionalData: labelOf(header) });
    return new TextDecoder("utf-8", { fatal: true }).decode(text);
  } catch {
    throw cannotBeOpened(path);
  }
}

/** The error for a passphrase that doesn't open the file. */
export function cannotBeOpened(path: string): CliError {
  return new CliError(
    "invalid_profile",
    `${path} can't be opened: the passphrase is wrong, or the file is damaged`,
    {
      hint: "Check the passphrase. If it is right, export the profiles again where they come from.",
    },
  );
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

/** What is authenticated with the text: the header, always written in the same way. */
function labelOf(header: Omit<SealedFile, "sealed">): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(header));
}

function validate(
  path: string,
  value: unknown,
): { iterations: number; salt: Uint8Array<ArrayBuffer>; sealed: Uint8Array<ArrayBuffer> } {
  if (!isFields(value) || value.format !== PORTABLE_FORMAT) throw notAnExport(path);
  const { version, iterations, salt, sealed } = value;
  if (typeof version === "number" && version > VERSION) {
    throw new CliError(
      "invalid_profile",
      `${path} has version ${version}, which is newer than this program`,
      {
        hint: "Update entra-auth-cli.",
      },
    );
  }
  const bytes = { salt: base64(salt), sealed: base64(sealed) };
  const isCount = typeof iterations === "number" && Number.isSafeInteger(iterations) &&
    iterations >= ITERATIONS && iterations <= MAX_ITERATIONS;
  const isKnown = version === VERSION && value.keyDerivation === "PBKDF2-HMAC-SHA-256" &&
    value.encryption === "AES-256-GCM";
  if (!isKnown || !isCount || bytes.salt?.length !== SALT_LENGTH || bytes.sealed === null) {
    throw cannotBeOpened(path);
  }
  return { iterations, salt: bytes.salt, sealed: bytes.sealed };
}

function base64(value: unknown): Uint8Array<ArrayBuffer> | null {
  if (typeof value !== "string") return null;
  try {
    return new Uint8Array(decodeBase64(value));
  } catch {
    return null;
  }
}

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
