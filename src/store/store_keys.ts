import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { CliError } from "../errors.ts";
import {
  type DataKey,
  type KeyId,
  type KeyStore,
  type KeyStoreName,
  keyStoreWithNumber,
  UnusableKeyError,
} from "./keystore/key_store.ts";
import {
  type AutomaticChoice,
  detectKeyStore,
  forcedKeyStore,
  isOnSystem,
  type KeyStoreContext,
  openKeyStore,
} from "./keystore/open_key_store.ts";
import { missingKey, notATokenFile, otherKey, otherSystem } from "./store_error.ts";
import type { TokenFileHeader } from "./token_file.ts";
import type { KeyPlace } from "./token_store.ts";

/** A key, and the guardian that keeps it. */
export interface StoredKey extends DataKey {
  /** Who keeps it. */
  readonly keyStore: KeyStore;
}

/** The key of a file that was found. */
export interface FoundKey extends StoredKey {
  /** Who keeps it according to the file, which is somebody else where the key was carried over by hand. */
  readonly currentKeyStore: KeyStoreName;
}

/** Whether a key is the one that is looked for. */
export type IsRight = (key: DataKey) => Promise<boolean>;

/** Finds the key of a `tokens.enc`: with the guardian that the environment forces, else with the one that the file names. */
export interface StoreKeys {
  /**
   * The key that the file with this header was encrypted with: the one that `isRight`, or has the id that the header
   * names.
   *
   * @throws {CliError} `unreadable_store` where that key is lost, `store` where its guardian can't be reached,
   *   `usage` where a guardian is forced that there isn't.
   */
  find(header: TokenFileHeader, isRight?: IsRight): Promise<FoundKey>;
  /** Whether another guardian is forced than the one that keeps this key according to its file. */
  needsKeyMigration(key: FoundKey): boolean;
  /** Whether the environment makes sense. Asks no key store. @throws {CliError} `usage`, or `store` for a key that is none. */
  checkChoice(): Promise<void>;
}

/** The keys of the store in this world. Nothing is looked at before it is needed. */
export function openStoreKeys(context: KeyStoreContext): StoreKeys {
  async function load(currentKeyStore: KeyStoreName, id: KeyId, isRight: IsRight): Promise<FoundKey> {
    const keyStore = await openStoredKeyStore(currentKeyStore, context);
    const key = await keyStore.load(id);
    if (key === null) throw missingKey(currentKeyStore, keyStore.place);
    if (!await isRight(key)) throw otherKey(currentKeyStore, keyStore.place);
    return { ...key, keyStore, currentKeyStore };
  }

  /**
   * The key in the key file, where it is just the one: carried over by hand, or never elsewhere and the file is damaged in
   * the one byte that says so.
   */
  async function inKeyFile(
    currentKeyStore: KeyStoreName,
    id: KeyId,
    isRight: IsRight,
  ): Promise<StoredKey | null> {
    if (currentKeyStore === "key-file") return null;
    try {
      return await loadIfUsable(await openKeyStore("key-file", context), id, isRight);
    } catch (error) {
      // What is wrong with the guardian that the file names is what counts.
      if (error instanceof CliError) return null;
      throw error;
    }
  }

  async function find(
    header: TokenFileHeader,
    isRight: IsRight = (key) => hasId(key, header.keyId),
  ): Promise<FoundKey> {
    const currentKeyStore = keyStoreFor(header);
    const forced = forcedKeyStore(context.env);
    if (forced !== null && forced !== currentKeyStore) {
      // The key may have been carried over by hand. And a forced guardian that isn't there is an error, now.
      const carried = await loadIfUsable(await openKeyStore(forced, context), header.keyId, isRight);
      if (carried !== null) return { ...carried, currentKeyStore };
    }
    try {
      return await load(currentKeyStore, header.keyId, isRight);
    } catch (error) {
      if (isInterruption(error)) throw error;
      const carried = await inKeyFile(currentKeyStore, header.keyId, isRight);
      if (carried !== null) return { ...carried, currentKeyStore };
      throw error;
    }
  }

  return {
    find,
    needsKeyMigration({ currentKeyStore }) {
      const forced = forcedKeyStore(context.env);
      return forced !== null && forced !== currentKeyStore;
    },
    async checkChoice() {
      if (forcedKeyStore(context.env) !== "environment") return;
      await (await openKeyStore("environment", context)).load(new Uint8Array());
    },
  };
}

/** Whether the user ended the program, rather than that something is wrong with a key. */
export function isInterruption(error: unknown): boolean {
  return error instanceof CliError && error.code === "interrupted";
}

/** Who keeps the key according to the file. @throws {CliError} `unreadable_store` where that is nobody. */
export function keyStoreFor(header: TokenFileHeader): KeyStoreName {
  const currentKeyStore = keyStoreWithNumber(header.keyStore);
  if (currentKeyStore === undefined) throw notATokenFile(`it has no known guardian (${header.keyStore})`);
  return currentKeyStore;
}

async function loadIfUsable(
  keyStore: KeyStore,
  id: KeyId,
  isRight: IsRight,
): Promise<StoredKey | null> {
  try {
    const key = await keyStore.load(id);
    return key !== null && await isRight(key) ? { ...key, keyStore } : null;
  } catch (error) {
    // It is not the key that this file needs.
    if (error instanceof UnusableKeyError) return null;
    throw error;
  }
}

/** The guardian that a file names. @throws {CliError} `unreadable_store` where this kind of system has none such. */
export async function openStoredKeyStore(
  currentKeyStore: KeyStoreName,
  context: KeyStoreContext,
): Promise<KeyStore> {
  if (!isOnSystem(currentKeyStore, context.os)) throw otherSystem(currentKeyStore);
  return await openKeyStore(currentKeyStore, context);
}

/** Whether `key` has this id. */
export async function hasId(key: DataKey, id: KeyId): Promise<boolean> {
  return timingSafeEqual(await key.id(), id);
}

/**
 * Decides who keeps the key of the next `tokens.enc`: the guardian that the environment forces; else the one that the
 * file names, so that a key store which comes and goes changes nothing; and for a first file the best one that is here.
 */
export interface KeyChoice {
  /**
   * The key to write with in place of `present`, which is null where there is no file yet. For who holds the store's
   * lock; `suffix` is put after the name of what has to make room. @throws {CliError}
   */
  forWriting(present: StoredKey | null, suffix: () => Promise<string>): Promise<StoredKey>;
  /** Who keeps the key of the file with this header, or would keep that of the first file. @throws {CliError} */
  place(header: TokenFileHeader | null): Promise<KeyPlace>;
}

/** Who is chosen in this world, where `keys` finds what there is. Nothing is looked at before it is needed. */
export function openKeyChoice(keys: StoreKeys, context: KeyStoreContext): KeyChoice {
  /** Who has the key, which is not whom the file names where it was carried over by hand; that one where nobody has. */
  async function holder(header: TokenFileHeader): Promise<KeyStore> {
    try {
      return (await keys.find(header)).keyStore;
    } catch (error) {
      if (!(error instanceof CliError) || isInterruption(error)) throw error;
      return await openStoredKeyStore(keyStoreFor(header), context);
    }
  }

  return {
    async forWriting(present, suffix) {
      const forced = forcedKeyStore(context.env);
      if (present !== null && present.keyStore.name === (forced ?? present.keyStore.name)) return present;
      const { keyStore } = await chooseKeyStore(context);
      return { ...await keyStore.obtain(await suffix()), keyStore };
    },
    async place(header) {
      const { keyStore, reason } = header === null
        ? await chooseKeyStore(context)
        : { keyStore: await holder(header), reason: null };
      return { keyStore: keyStore.name, place: keyStore.place, isInUse: header !== null, reason };
    },
  };
}

/** The guardian of a key that is yet to be made. */
async function chooseKeyStore(context: KeyStoreContext): Promise<AutomaticChoice> {
  const forced = forcedKeyStore(context.env);
  if (forced === null) return await detectKeyStore(context);
  return { keyStore: await openKeyStore(forced, context), reason: null };
}
