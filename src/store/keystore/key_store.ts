import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../errors.ts";
import type { Bytes } from "../../system/files/files.ts";

/** Who can keep the data key, with the number that stands for it in the header of `tokens.enc`. */
export const KEY_STORE_NUMBERS = {
  "key-file": 1,
  "environment": 2,
  "dpapi": 3,
  "keychain": 4,
  "secret-service": 5,
} as const;

/** What each guardian is called where people read it. */
export const KEY_STORE_LABELS: Readonly<Record<KeyStoreName, string>> = {
  "key-file": "the key file",
  "environment": "the environment variable ENTRA_AUTH_CLI_KEY",
  "dpapi": "Windows DPAPI",
  "keychain": "the macOS Keychain",
  "secret-service": "the Secret Service",
};

/** The name of a guardian. */
export type KeyStoreName = keyof typeof KEY_STORE_NUMBERS;

/** Where a key store keeps the data key: the service in the Keychain, the attribute `service` in the Secret Service. */
export const KEY_SERVICE = "entra-auth-cli-cli";

/** What a key store shows its user as the name of the data key. */
export const KEY_LABEL = "entra-auth-cli token key";

/** The way on without a key store, for hints. */
export const WITHOUT_KEY_STORE =
  "To do without it: move tokens.enc away if there is one, set ENTRA_AUTH_CLI_KEYRING=file, and sign in.";

/** The guardian with this number in a header, or undefined for a number that no guardian has. */
export function keyStoreWithNumber(number: number): KeyStoreName | undefined {
  return (Object.keys(KEY_STORE_NUMBERS) as KeyStoreName[]).find((name) =>
    KEY_STORE_NUMBERS[name] === number
  );
}

/** A guardian has something in the place of the key that isn't one, or that it can't open any more. */
export class UnusableKeyError extends CliError {
  /** `message` says what is wrong with it, `hint` what to do. */
  constructor(message: string, hint: string) {
    super("unreadable_store", message, { hint });
  }
}

/**
 * Keeps the key that encrypts `tokens.enc`. Its methods throw a `CliError`: `store` where the guardian isn't there, is
 * locked, refuses or doesn't answer; `permission`; `unreadable_store` for a key that can't be used.
 */
export interface KeyStore {
  /** Which one it is. */
  readonly name: KeyStoreName;
  /** Where the key is, for people: "the file /home/me/.entra-auth-cli/key". */
  readonly place: string;
  /**
   * The key with this id, or null when the guardian has none. One that has room for a single key gives that one,
   * whatever its id. Asks nobody anything that can't be answered, and never waits long.
   *
   * @throws {UnusableKeyError} when what is there is no key.
   */
  load(id: KeyId): Promise<DataKey | null>;
  /**
   * A key for a `tokens.enc` that is about to be written: a new one that the guardian keeps from now on, or the one
   * that it has room for. Before it is given, it was read back. What is in its place and is no key is kept, with `suffix`
   * after its name. Only for who holds the store's lock.
   */
  obtain(suffix: string): Promise<DataKey>;
  /** Drops the key with this id, which nothing is encrypted with any more. One that isn't there is fine. */
  forget(id: KeyId): Promise<void>;
}

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
