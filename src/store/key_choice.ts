import { CliError } from "../errors.ts";
import { type AutomaticChoice, detectKeyStore } from "./keystore/detect_key_store.ts";
import { forcedKeyStore, type KeyStoreContext, openKeyStore } from "./keystore/open_key_store.ts";
import type { KeyStore } from "./keystore/key_store.ts";
import {
  isInterruption,
  keyStoreFor,
  openStoredKeyStore,
  type StoredKey,
  type StoreKeys,
} from "./store_keys.ts";
import type { TokenFileHeader } from "./token_file.ts";
import type { KeyPlace } from "./token_store.ts";

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
