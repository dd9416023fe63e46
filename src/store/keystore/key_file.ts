import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import {
  formatKeyText,
  generateKeyBytes,
  importDataKey,
  type KeyStore,
  type KeyStoreName,
  parseKeyText,
  UnusableKeyError,
} from "./key_store.ts";
import type { Bytes } from "../../system/files/files.ts";
import type { PermissionPolicy } from "../../system/files/file_permissions.ts";

/** Name of the key file in the home folder. */
const KEY_FILE = "key";

/**
 * Keeps the data key in the file `key` (base64, 0600). It protects the tokens as well as the file permissions do, and
 * no better: who can read the user's files can read both. As ssh does, it refuses a key that others can read.
 */
export function keyFileStore(folder: PrivateFolder): KeyStore {
  const place = `the file ${folder.pathOf(KEY_FILE)}`;
  const damaged = () =>
    new UnusableKeyError(
      `The key in ${place} is damaged: 32 bytes in base64 are expected`,
      "Put the key back from a backup, or start anew: `entra-auth-cli clear-cache`, then sign in again.",
    );
  return keyInFile({
    name: "key-file",
    place,
    folder,
    file: KEY_FILE,
    strictness: "secret",
    parse(text) {
      const bytes = parseKeyText(text);
      return bytes === null ? Promise.reject(damaged()) : Promise.resolve(bytes);
    },
    format: (bytes) => Promise.resolve(formatKeyText(bytes)),
    damaged,
  });
}

/** A file with room for a single key, and what its text means. */
export interface KeyInFile {
  /** Which guardian it is. */
  readonly name: KeyStoreName;
  /** Where the key is, for people. */
  readonly place: string;
  /** The folder of the file. */
  readonly folder: PrivateFolder;
  /** Name of the file. */
  readonly file: string;
  /** How strict reading is about its mode. */
  readonly strictness: PermissionPolicy;
  /** The key bytes that a text stands for. @throws {UnusableKeyError} when it stands for none, or can't be opened. */
  parse(text: string): Promise<Bytes>;
  /** The text for these key bytes. */
  format(bytes: Bytes): Promise<string>;
  /** What a key is called that isn't what it was when it was written. */
  damaged(): UnusableKeyError;
}

/** The guardian that keeps the key in a file. */
export function keyInFile(kept: KeyInFile): KeyStore {
  const { name, place, folder, file, strictness } = kept;

  async function readKeyBytes(): Promise<Bytes | null> {
    const content = await folder.read(file, strictness);
    return content === null ? null : await kept.parse(new TextDecoder().decode(content));
  }

  /** What can't be used now is the user's all the same: it may tell what happened, or be of use again. */
  async function readOrMoveAside(suffix: string): Promise<Bytes | null> {
    try {
      return await readKeyBytes();
    } catch (error) {
      if (!(error instanceof UnusableKeyError)) throw error;
      await folder.rename(file, file + suffix);
      return null;
    }
  }

  return {
    name,
    place,
    async load() {
      const bytes = await readKeyBytes();
      return bytes === null ? null : await importDataKey(bytes);
    },
    async obtain(suffix) {
      const present = await readOrMoveAside(suffix);
      if (present !== null) return await importDataKey(present);
      const made = generateKeyBytes();
      await folder.replace(file, new TextEncoder().encode(await kept.format(made) + "\n"));
      // What counts is what the next run will find.
      const bytes = await readKeyBytes();
      if (bytes === null || !timingSafeEqual(bytes, made)) throw kept.damaged();
      return await importDataKey(bytes);
    },
    forget: () => folder.remove(file),
  };
}
