import { decodeBase64 } from "@std/encoding/base64";
import type { Secret } from "../../text/secret.ts";
import { deriveKey } from "./passphrase_key.ts";
import { cannotBeOpened } from "./passphrase_seal.ts";

/** Its derivation: PBKDF2 with HMAC-SHA-256, then AES-256-CBC. */
const ITERATIONS = 100_000;
const SALT_LENGTH = 32;
const IV_LENGTH = 16;
const BLOCK_LENGTH = 16;

/** The bytes of an export of the .NET tool of the same name, or null for a text that can't be one: it is base64. */
export function dotnetExportError(text: string): Uint8Array<ArrayBuffer> | null {
  const base64 = text.trim();
  if (!/^[A-Za-z0-9+/\s]+={0,2}$/.test(base64)) return null;
  try {
    const bytes = new Uint8Array(decodeBase64(base64.replaceAll(/\s/g, "")));
    const encrypted = bytes.length - SALT_LENGTH - IV_LENGTH;
    return encrypted >= BLOCK_LENGTH && encrypted % BLOCK_LENGTH === 0 ? bytes : null;
  } catch {
    return null;
  }
}

/**
 * Opens such an export, which is salt, initialization vector and ciphertext; gives the JSON value in it.
 *
 * @param path Of the file, for messages.
 * @throws {CliError} `invalid_profile` for a wrong passphrase or a damaged file, which can't be told apart.
 */
export async function openDotnetExport(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  passphrase: Secret,
): Promise<unknown> {
  const salt = bytes.slice(0, SALT_LENGTH);
  const iv = bytes.slice(SALT_LENGTH, SALT_LENGTH + IV_LENGTH);
  const key = await deriveKey(passphrase, { salt, iterations: ITERATIONS, cipher: "AES-CBC" });
  try {
    const text = await crypto.subtle.decrypt(
      { name: "AES-CBC", iv },
      key,
      bytes.slice(SALT_LENGTH + IV_LENGTH),
    );
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    throw cannotBeOpened(path);
  }
}
