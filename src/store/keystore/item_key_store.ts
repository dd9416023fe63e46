import { encodeHex } from "@std/encoding/hex";
import type { CliError } from "../../errors.ts";
import {
  type DataKey,
  formatKeyText,
  generateKeyBytes,
  importDataKey,
  type KeyStore,
  type KeyStoreName,
  parseKeyText,
  type UnusableKeyError,
} from "./key_store.ts";

/** A key store with one item per key. `id` is the id of a key in hex. All operations throw a `CliError`. */
export interface ItemKeyStoreOptions {
  readonly name: KeyStoreName;
  readonly place: string;
  /** Returns the text of an item, or null if it does not exist. */
  read(id: string): Promise<string | null>;
  /** Creates an item. `text` is a secret. */
  store(id: string, text: string): Promise<void>;
  /** Deletes an item, if it exists. */
  delete(id: string): Promise<void>;
  /** Creates the error for an item that does not contain a key. */
  damaged(id: string): UnusableKeyError;
  /** Creates the error for a new item that cannot be read back. */
  notStored(): CliError;
}

/** Stores each data key in an item of its own. */
export function itemKeyStore(items: ItemKeyStoreOptions): KeyStore {
  async function createKey(): Promise<DataKey> {
    const bytes = generateKeyBytes();
    const [text, key] = [formatKeyText(bytes), await importDataKey(bytes)];
    const id = encodeHex(await key.id());
    await items.store(id, text);
    // The next run reads the item: what it will find counts.
    if (await items.read(id) !== text) throw items.notStored();
    return key;
  }

  return {
    name: items.name,
    place: items.place,
    async load(keyId) {
      const id = encodeHex(keyId);
      const text = await items.read(id);
      if (text === null) return null;
      const bytes = parseKeyText(text);
      if (bytes === null) throw items.damaged(id);
      return await importDataKey(bytes);
    },
    obtain: createKey,
    renew: createKey,
    forget: (keyId) => items.delete(encodeHex(keyId)),
  };
}
