import { encodeHex } from "@std/encoding/hex";
import type { CliError } from "../../errors.ts";
import {
  formatKeyText,
  generateKeyBytes,
  importDataKey,
  type KeyStore,
  type KeyStoreName,
  parseKeyText,
  type UnusableKeyError,
} from "./key_store.ts";

/** A key store that keeps texts, each in an item of its own that is found by the id of a key in hex. */
export interface KeyItems {
  /** Which guardian it is. */
  readonly name: KeyStoreName;
  /** Where the keys are, for people. */
  readonly place: string;
  /** The text of an item, or null when there is none. @throws {CliError} */
  read(id: string): Promise<string | null>;
  /** Makes an item. `text` is a secret. @throws {CliError} */
  store(id: string, text: string): Promise<void>;
  /** Drops an item. One that isn't there is fine. @throws {CliError} */
  drop(id: string): Promise<void>;
  /** What is said where an item holds no key. */
  damaged(id: string): UnusableKeyError;
  /** What is said where the store took an item, but doesn't have it. */
  notKept(): CliError;
}

/** The guardian that keeps each key in an item of a key store. */
export function keyInItem(items: KeyItems): KeyStore {
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
    async obtain() {
      const bytes = generateKeyBytes();
      const [text, key] = [formatKeyText(bytes), await importDataKey(bytes)];
      const id = encodeHex(await key.id());
      await items.store(id, text);
      // What counts is what the next run will find.
      if (await items.read(id) !== text) throw items.notKept();
      return key;
    },
    forget: (keyId) => items.drop(encodeHex(keyId)),
  };
}
