import { concat } from "@std/bytes/concat";
import { CliError } from "../../errors.ts";
import type { Bytes } from "../../system/files/files.ts";

/** The key stores, with the numbers that identify them in the header of `tokens.enc`. */
export const KEY_STORE_NUMBERS = {
  "key-file": 1,
  "environment": 2,
  "dpapi": 3,
  "keychain": 4,
  "secret-service": 5,
} as const;

export type KeyStoreName = keyof typeof KEY_STORE_NUMBERS;

/** The names of the key stores in messages. */
export const KEY_STORE_LABELS: Readonly<Record<KeyStoreName, string>> = {
  "key-file": "the key file",
  "environment": "the environment variable ENTRA_AUTH_CLI_KEY",
  "dpapi": "Windows DPAPI",
  "keychain": "the macOS Keychain",
  "secret-service": "the Secret Service",
};

/** The service in the Keychain and the attribute `service` in the Secret Service under which data keys are stored. */
export const KEY_SERVICE = "entra-auth-cli-cli";

/** The label of a data key in the user interface of a key store. */
export const KEY_LABEL = "entra-auth-cli token key";

/** The alternative to a key store that does not work, for hints. */
export const WITHOUT_KEY_STORE =
  "To use a key file instead: move tokens.enc away if it exists, set ENTRA_AUTH_CLI_KEYRING=file, and sign in.";

/** Returns the key store with this number in a header, or undefined if the number is unknown. */
export function keyStoreWithNumber(number: number): KeyStoreName | undefined {
  return (Object.keys(KEY_STORE_NUMBERS) as KeyStoreName[]).find((name) =>
    KEY_STORE_NUMBERS[name] === number
  );
}

/** Identifies a data key without revealing anything about it: the first 8 bytes of a hash. */
export type KeyId = Uint8Array;

/** The key that encrypts `tokens.enc`. */
export interface DataKey {
  /** For AES-GCM, not extractable. */
  readonly key: CryptoKey;
  /** Computed on demand: a key that decrypts the file is the right one without its id. */
  id(): Promise<KeyId>;
}

/**
 * Stores the key that encrypts `tokens.enc`. Its methods throw a `CliError`: `store` if the key store is missing, locked,
 * refuses or does not respond; `permission`; or `unreadable_store` if the key cannot be used.
 */
export interface KeyStore {
  readonly name: KeyStoreName;
  /** The location of the key in messages: "the file /home/me/.entra-auth-cli/key". */
  readonly place: string;
  /**
   * Returns the key with this id, or null if there is none. A store with room for a single key returns that key whatever
   * its id. Prompts only if the user can respond, and never waits long.
   *
   * @throws {UnusableKeyError} if the stored value is not a key.
   */
  load(id: KeyId): Promise<DataKey | null>;
  /**
   * Returns a key for a `tokens.enc` about to be written: the stored key of a store with room for one, otherwise a new
   * one. The key was read back before it is returned. A stored value that is not a key is renamed with `suffix`. The
   * caller holds the lock of the token store.
   */
  obtain(suffix: string): Promise<DataKey>;
  /**
   * Returns a new key, and keeps the present one, with this id, until it is forgotten. `suffix` and the lock are as for `obtain`. A store
   * that cannot make keys returns the present one.
   */
  renew(id: KeyId, suffix: string): Promise<DataKey>;
  /** Deletes the key with this id, if there is one. The caller no longer needs it to decrypt anything. */
  forget(id: KeyId): Promise<void>;
}

/** The stored value is not a key, or can no longer be decrypted. */
export class UnusableKeyError extends CliError {
  constructor(message: string, hint: string) {
    super("unreadable_store", message, { hint });
  }
}

/** The length of a data key in bytes: AES-256. */
export const DATA_KEY_LENGTH = 32;

const KEY_ID_LENGTH = 8;
const KEY_ID_PREFIX = new TextEncoder().encode("entra-auth-cli data key id\0");

export function generateKeyBytes(): Bytes {
  return crypto.getRandomValues(new Uint8Array(DATA_KEY_LENGTH));
}

export async function importDataKey(bytes: Bytes): Promise<DataKey> {
  const key = await crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  return {
    key,
    async id() {
      const hash = await crypto.subtle.digest("SHA-256", concat([KEY_ID_PREFIX, bytes]));
      return new Uint8Array(hash).subarray(0, KEY_ID_LENGTH);
    },
  };
}

/** Formats key bytes as text for a key store: base64 in one line, without a line end. */
export function formatKeyText(bytes: Bytes): string {
  return bytes.toBase64();
}

/** Decodes key bytes from base64, ignoring surrounding white space. Returns null for anything but a data key. */
export function parseKeyText(text: string): Bytes | null {
  try {
    const bytes = Uint8Array.fromBase64(text.trim());
    return bytes.length === DATA_KEY_LENGTH ? bytes : null;
  } catch {
    return null;
  }
}
