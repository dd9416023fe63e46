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
  type DetectedKeyStore,
  detectKeyStore,
  forcedKeyStore,
  isOnSystem,
  type KeyStoreContext,
  mayHaveKeyStore,
  openKeyStore,
} from "./keystore/open_key_store.ts";
import { differentKey, invalidTokenFile, missingKey, otherSystem, weakerKeyStore } from "./store_error.ts";
import type { TokenFileHeader } from "./token_file_format.ts";

/** A key with the key store that has it. */
export interface StoredKey extends DataKey {
  readonly keyStore: KeyStore;
}

/** The key of an existing file. */
export interface FoundKey extends StoredKey {
  /** The key store that the file names. It differs from `keyStore` if the user copied the key by hand. */
  readonly declaredKeyStore: KeyStoreName;
}

/** Reports whether a key decrypts the file. */
export type IsRight = (key: DataKey) => Promise<boolean>;

/** The location of the key of `tokens.enc`, or of the first one. */
export interface KeyPlace {
  readonly keyStore: KeyStoreName;
  /** The location in messages. */
  readonly place: string;
  /** Whether there is a `tokens.enc` that needs the key. Otherwise the first one would put its key there. */
  readonly isInUse: boolean;
  /** Why the program did not choose a better key store, without a full stop; null if the program did not choose. */
  readonly reason: string | null;
}

/** Finds and chooses keys of `tokens.enc`. Accesses nothing before it is needed. */
export interface StoreKeys {
  /**
   * Returns the key that the file with this header is encrypted with: one that `isRight` accepts (by default one with the
   * id in the header), from the key store that the environment forces, otherwise from the one that the file names.
   *
   * @throws {CliError} `unreadable_store` if that key is lost, `store` if its key store cannot be used, `usage` if the
   *   environment forces an unknown key store.
   */
  find(header: TokenFileHeader, isRight?: IsRight): Promise<FoundKey>;
  /** Reports whether the environment forces a different key store than the one that the file of this key names. */
  needsKeyMigration(key: FoundKey): boolean;
  /** Validates the environment, without a prompt. @throws {CliError} `usage`, or `store` for an invalid key in it. */
  checkEnvironment(): Promise<void>;
  /**
   * Returns the key for the next write in place of `present`, which is null if there is no file yet: from the key store
   * that the environment forces; otherwise from the one that the file names, so that a key store that comes and goes
   * changes nothing; and for a first file from the best one that is available. The caller holds the store's lock;
   * `suffix` is appended to the name of a file that has to make room. @throws {CliError}
   */
  forWriting(present: StoredKey | null, suffix: () => Promise<string>): Promise<StoredKey>;
  /** Returns a new key in place of `present`, like `forWriting`; the present one of a key store that cannot make keys. */
  renew(present: StoredKey, suffix: () => Promise<string>): Promise<StoredKey>;
  /** Returns the location of the key of the file with this header, or of the first file. @throws {CliError} */
  place(header: TokenFileHeader | null): Promise<KeyPlace>;
}

export function openStoreKeys(context: KeyStoreContext): StoreKeys {
  async function load(declaredKeyStore: KeyStoreName, id: KeyId, isRight: IsRight): Promise<FoundKey> {
    const keyStore = await openDeclaredKeyStore(declaredKeyStore, context);
    const key = await keyStore.load(id);
    if (key === null) throw missingKey(declaredKeyStore, keyStore.place);
    if (!await isRight(key)) throw differentKey(declaredKeyStore, keyStore.place);
    return { ...key, keyStore, declaredKeyStore };
  }

  /** Returns the key store that this machine has besides the key file; null without one. */
  async function betterKeyStore(): Promise<KeyStore | null> {
    if (!mayHaveKeyStore(context)) return null;
    const { keyStore } = await detectKeyStore(context);
    return keyStore.name === "key-file" ? null : keyStore;
  }

  /**
   * Looks for the key in the key file as well: the user may have copied it there, or it was always there and the one
   * byte of the header that says so is damaged. A file does not choose a weaker key store than the machine has.
   */
  async function inKeyFile(
    declaredKeyStore: KeyStoreName,
    id: KeyId,
    isRight: IsRight,
  ): Promise<StoredKey | null> {
    if (declaredKeyStore === "key-file") return null;
    try {
      if (forcedKeyStore(context.env) !== "key-file" && await betterKeyStore() !== null) return null;
      return await loadIfRight(await openKeyStore("key-file", context), id, isRight);
    } catch (error) {
      // The error of the key store that the file names is the one to report.
      if (error instanceof CliError) return null;
      throw error;
    }
  }

  async function find(
    header: TokenFileHeader,
    isRight: IsRight = (key) => hasId(key, header.keyId),
  ): Promise<FoundKey> {
    const declaredKeyStore = keyStoreOf(header);
    const forced = forcedKeyStore(context.env);
    if (forced !== null && forced !== declaredKeyStore) {
      // The user may have copied the key. And a forced key store that does not exist is an error right away.
      const copied = await loadIfRight(await openKeyStore(forced, context), header.keyId, isRight);
      if (copied !== null) return { ...copied, declaredKeyStore };
    }
    if (forced === null && declaredKeyStore === "key-file") {
      // A user who can plant tokens.enc can plant a key beside it.
      const better = await betterKeyStore();
      if (better !== null) throw weakerKeyStore((await openKeyStore("key-file", context)).place, better.name);
    }
    try {
      return await load(declaredKeyStore, header.keyId, isRight);
    } catch (error) {
      if (isInterruption(error)) throw error;
      const copied = await inKeyFile(declaredKeyStore, header.keyId, isRight);
      if (copied !== null) return { ...copied, declaredKeyStore };
      throw error;
    }
  }

  /** Returns the key store that has the key; if none has it, the one that the file names. */
  async function actualKeyStore(header: TokenFileHeader): Promise<KeyStore> {
    try {
      return (await find(header)).keyStore;
    } catch (error) {
      if (!(error instanceof CliError) || isInterruption(error)) throw error;
      return await openDeclaredKeyStore(keyStoreOf(header), context);
    }
  }

  return {
    find,
    needsKeyMigration({ declaredKeyStore }) {
      const forced = forcedKeyStore(context.env);
      return forced !== null && forced !== declaredKeyStore;
    },
    async checkEnvironment() {
      if (forcedKeyStore(context.env) !== "environment") return;
      await (await openKeyStore("environment", context)).load(new Uint8Array());
    },
    async forWriting(present, suffix) {
      const forced = forcedKeyStore(context.env);
      if (present !== null && present.keyStore.name === (forced ?? present.keyStore.name)) return present;
      const { keyStore } = await chooseKeyStore(context);
      return { ...await keyStore.obtain(await suffix()), keyStore };
    },
    async renew(present, suffix) {
      const forced = forcedKeyStore(context.env) ?? present.keyStore.name;
      const keyStore = forced === present.keyStore.name
        ? present.keyStore
        : await openKeyStore(forced, context);
      return { ...await keyStore.renew(await present.id(), await suffix()), keyStore };
    },
    async place(header) {
      const { keyStore, reason } = header === null
        ? await chooseKeyStore(context)
        : { keyStore: await actualKeyStore(header), reason: null };
      return { keyStore: keyStore.name, place: keyStore.place, isInUse: header !== null, reason };
    },
  };
}

export async function hasId(key: DataKey, id: KeyId): Promise<boolean> {
  return timingSafeEqual(await key.id(), id);
}

function isInterruption(error: unknown): boolean {
  return error instanceof CliError && error.code === "interrupted";
}

/** Returns the key store that the file names. @throws {CliError} `unreadable_store` if its number is unknown. */
function keyStoreOf(header: TokenFileHeader): KeyStoreName {
  const name = keyStoreWithNumber(header.keyStore);
  if (name === undefined) throw invalidTokenFile(`unknown key store ${header.keyStore}`);
  return name;
}

async function loadIfRight(keyStore: KeyStore, id: KeyId, isRight: IsRight): Promise<StoredKey | null> {
  try {
    const key = await keyStore.load(id);
    return key !== null && await isRight(key) ? { ...key, keyStore } : null;
  } catch (error) {
    // It is not the key of this file.
    if (error instanceof UnusableKeyError) return null;
    throw error;
  }
}

/** Opens the key store that a file names. @throws {CliError} `unreadable_store` if this system cannot have it. */
async function openDeclaredKeyStore(name: KeyStoreName, context: KeyStoreContext): Promise<KeyStore> {
  if (!isOnSystem(name, context.os)) throw otherSystem(name);
  return await openKeyStore(name, context);
}

/** Chooses the key store for a new key. */
async function chooseKeyStore(context: KeyStoreContext): Promise<DetectedKeyStore> {
  const forced = forcedKeyStore(context.env);
  if (forced === null) return await detectKeyStore(context);
  return { keyStore: await openKeyStore(forced, context), reason: null };
}
