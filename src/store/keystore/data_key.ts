import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import type { Bytes } from "../../system/files/files.ts";

/** Length of the data key in bytes: AES-256. */
export const DATA_KEY_LENGTH = 32;

/** Length of a key's id in bytes. */
const KEY_ID_LENGTH = 8;

/** Tells keys apart without saying anything about them: 8 bytes, the beginning of a hash. */
export type KeyId = Uint8Array;

/** The key that encrypts `tokens.enc`. */
export interface DataKey {
  /** For AES-GCM. Its bytes can't be taken out of it again. */
  readonly key: CryptoKey;
  /** Tells it apart from other keys. Worked out when it is asked for: a key that opens a file is the right one. */
  id(): Promise<KeyId>;
}

/** New key bytes, 32 of them. */
export function generateKeyBytes(): Bytes {
  return crypto.getRandomValues(new Uint8Array(DATA_KEY_LENGTH));
}

/** The key with these 32 bytes. */
export async function importDataKey(bytes: Bytes): Promise<DataKey> {
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { key, id: () => keyId(bytes) };
}

/** The key bytes as the text that guardians keep: base64 in one line, without a line end. */
export function formatKeyText(bytes: Bytes): string {
  return encodeBase64(bytes);
}

/** The key bytes that `text` holds in base64, or null when it holds something else. White space around is fine. */
export function parseKeyText(text: string): Bytes | null {
  try {
    const bytes = decodeBase64(text.trim());
    return bytes.length === DATA_KEY_LENGTH ? new Uint8Array(bytes) : null;
  } catch {
    return null;
  }
}

const ID_PURPOSE = new TextEncoder().encode("entra-auth-cli data key id\0");

async function keyId(bytes: Bytes): Promise<KeyId> {
  const input = new Uint8Array(ID_PURPOSE.length + bytes.length);
  input.set(ID_PURPOSE);
  input.set(bytes, ID_PURPOSE.length);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", input)).subarray(0, KEY_ID_LENGTH);
}
