import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { CliError } from "../errors.ts";
import type { DataKey, KeyId } from "./guardian/data_key.ts";
import { forcedGuardian, type GuardianContext, isOnSystem, openGuardian } from "./guardian/guardians.ts";
import {
  type GuardianName,
  guardianWithNumber,
  type KeyGuardian,
  UnusableKeyError,
} from "./guardian/key_guardian.ts";
import { missingKey, notATokenFile, otherKey, otherSystem } from "./store_error.ts";
import type { TokenFileHeader } from "./token_file.ts";

/** A key, and the guardian that keeps it. */
export interface GuardedKey extends DataKey {
  /** Who keeps it. */
  readonly guardian: KeyGuardian;
}

/** The key of a file that was found. */
export interface FoundKey extends GuardedKey {
  /** Who keeps it according to the file, which is somebody else where the key was carried over by hand. */
  readonly keeper: GuardianName;
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
  isOutOfPlace(key: FoundKey): boolean;
  /** Whether the environment makes sense. Asks no key store. @throws {CliError} `usage`, or `store` for a key that is none. */
  checkChoice(): Promise<void>;
}

/** The keys of the store in this world. Nothing is looked at before it is needed. */
export function openStoreKeys(context: GuardianContext): StoreKeys {
  async function load(keeper: GuardianName, id: KeyId, isRight: IsRight): Promise<FoundKey> {
    const guardian = await openKeeper(keeper, context);
    const key = await guardian.load(id);
    if (key === null) throw missingKey(keeper, guardian.place);
    if (!await isRight(key)) throw otherKey(keeper, guardian.place);
    return { ...key, guardian, keeper };
  }

  /**
   * The key in the key file, where it is just the one: carried over by hand, or never elsewhere and the file is damaged in
   * the one byte that says so.
   */
  async function inKeyFile(
    keeper: GuardianName,
    id: KeyId,
    isRight: IsRight,
  ): Promise<GuardedKey | null> {
    if (keeper === "key-file") return null;
    try {
      return await loadIfUsable(await openGuardian("key-file", context), id, isRight);
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
    const keeper = keeperOf(header);
    const forced = forcedGuardian(context.env);
    if (forced !== null && forced !== keeper) {
      // The key may have been carried over by hand. And a forced guardian that isn't there is an error, now.
      const carried = await loadIfUsable(await openGuardian(forced, context), header.keyId, isRight);
      if (carried !== null) return { ...carried, keeper };
    }
    try {
      return await load(keeper, header.keyId, isRight);
    } catch (error) {
      if (isInterruption(error)) throw error;
      const carried = await inKeyFile(keeper, header.keyId, isRight);
      if (carried !== null) return { ...carried, keeper };
      throw error;
    }
  }

  return {
    find,
    isOutOfPlace({ keeper }) {
      const forced = forcedGuardian(context.env);
      return forced !== null && forced !== keeper;
    },
    async checkChoice() {
      if (forcedGuardian(context.env) !== "environment") return;
      await (await openGuardian("environment", context)).load(new Uint8Array());
    },
  };
}

/** Whether the user ended the program, rather than that something is wrong with a key. */
export function isInterruption(error: unknown): boolean {
  return error instanceof CliError && error.code === "interrupted";
}

/** Who keeps the key according to the file. @throws {CliError} `unreadable_store` where that is nobody. */
export function keeperOf(header: TokenFileHeader): GuardianName {
  const keeper = guardianWithNumber(header.guardian);
  if (keeper === undefined) throw notATokenFile(`it has no known guardian (${header.guardian})`);
  return keeper;
}

async function loadIfUsable(
  guardian: KeyGuardian,
  id: KeyId,
  isRight: IsRight,
): Promise<GuardedKey | null> {
  try {
    const key = await guardian.load(id);
    return key !== null && await isRight(key) ? { ...key, guardian } : null;
  } catch (error) {
    // It is not the key that this file needs.
    if (error instanceof UnusableKeyError) return null;
    throw error;
  }
}

/** The guardian that a file names. @throws {CliError} `unreadable_store` where this kind of system has none such. */
export async function openKeeper(keeper: GuardianName, context: GuardianContext): Promise<KeyGuardian> {
  if (!isOnSystem(keeper, context.os)) throw otherSystem(keeper);
  return await openGuardian(keeper, context);
}

/** Whether `key` has this id. */
export async function hasId(key: DataKey, id: KeyId): Promise<boolean> {
  return timingSafeEqual(await key.id(), id);
}
