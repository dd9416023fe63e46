import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { PermissionPolicy } from "../../system/files/file_permissions.ts";
import type { Bytes } from "../../system/files/files.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import {
  type DataKey,
  formatKeyText,
  generateKeyBytes,
  importDataKey,
  type KeyId,
  type KeyStore,
  type KeyStoreName,
  parseKeyText,
  UnusableKeyError,
} from "./key_store.ts";

const KEY_FILE = "key";

/**
 * Stores the data key in the file `key` (base64, 0600). It protects the tokens exactly as well as the file permissions
 * do: whoever can read the user's files can read both. Like ssh, it refuses a key that others can read.
 */
export function keyFileStore(folder: PrivateFolder): KeyStore {
  const place = `the file ${folder.pathOf(KEY_FILE)}`;
  const damaged = () =>
    new UnusableKeyError(
      `Invalid key in ${place}: expected 32 bytes in base64`,
      "entra-auth-cli clear-cache\nThen sign in again. Or restore the key from a backup.",
    );
  return fileKeyStore({
    name: "key-file",
    place,
    folder,
    file: KEY_FILE,
    policy: "secret",
    parse(text) {
      const bytes = parseKeyText(text);
      if (bytes === null) throw damaged();
      return bytes;
    },
    format: formatKeyText,
    damaged,
  });
}

/** A file with room for one key. */
export interface FileKeyStoreOptions {
  readonly name: KeyStoreName;
  readonly place: string;
  readonly folder: PrivateFolder;
  readonly file: string;
  readonly policy: PermissionPolicy;
  /** @throws {UnusableKeyError} if the text is not a key, or cannot be decrypted. */
  parse(text: string): Bytes | Promise<Bytes>;
  format(bytes: Bytes): string | Promise<string>;
  /** Creates the error for a key that differs from what was written. */
  damaged(): UnusableKeyError;
}

/** Larger than any sealed key. */
const MAX_KEY_FILE_BYTES = 65_536;

/** Stores the data key in a file, in the format of `options`. */
export function fileKeyStore(options: FileKeyStoreOptions): KeyStore {
  const { name, place, folder, file, policy } = options;

  /** Returns the keys of the file, one per line: the present one, and while it is being replaced the former one. */
  async function readKeys(): Promise<Bytes[]> {
    using source = await folder.open(file, policy);
    if (source === null) return [];
    if (source.size > MAX_KEY_FILE_BYTES) throw options.damaged();
    const text = new TextDecoder().decode(await source.read(0, source.size));
    const keys: Bytes[] = [];
    // One after the other: the error is that of the first line.
    for (const line of text.trim().split("\n")) keys.push(await options.parse(line));
    return keys;
  }

  /** Keeps an unusable key under another name: it is the user's, and may become usable again. */
  async function readOrMoveAside(suffix: string): Promise<Bytes[]> {
    try {
      return await readKeys();
    } catch (error) {
      if (!(error instanceof UnusableKeyError)) throw error;
      await folder.rename(file, file + suffix);
      return [];
    }
  }

  async function writeKeys(keys: readonly Bytes[]): Promise<void> {
    const lines = await Promise.all(keys.map((bytes) => options.format(bytes)));
    const text = lines.map((line) => `${line}\n`).join("");
    await folder.replace(file, new TextEncoder().encode(text));
    // The next run reads the file: what it will find counts.
    const found = await readKeys();
    const isSame = (bytes: Bytes, index: number) => {
      const other = found[index];
      return other !== undefined && timingSafeEqual(other, bytes);
    };
    if (found.length !== keys.length || !keys.every(isSame)) throw options.damaged();
  }

  async function createKey(others: readonly Bytes[]): Promise<DataKey> {
    const generated = generateKeyBytes();
    await writeKeys([generated, ...others]);
    return await importDataKey(generated);
  }

  return {
    name,
    place,
    async load(id) {
      const keys = await Promise.all((await readKeys()).map(importDataKey));
      for (const key of keys.slice(1)) {
        if (timingSafeEqual(await key.id(), id)) return key;
      }
      return keys[0] ?? null;
    },
    async obtain(suffix) {
      const [present] = await readOrMoveAside(suffix);
      return await (present === undefined ? createKey([]) : importDataKey(present));
    },
    async renew(id, suffix) {
      const { present } = await split(await readOrMoveAside(suffix), id);
      return await createKey(present);
    },
    async forget(id) {
      const { others } = await split(await readKeys(), id);
      await (others.length === 0 ? folder.remove(file) : writeKeys(others));
    },
  };
}

/** Separates the key with this id from the others. */
async function split(keys: readonly Bytes[], id: KeyId): Promise<{ present: Bytes[]; others: Bytes[] }> {
  const [present, others]: [Bytes[], Bytes[]] = [[], []];
  for (const bytes of keys) {
    const key = await importDataKey(bytes);
    (timingSafeEqual(await key.id(), id) ? present : others).push(bytes);
  }
  return { present, others };
}
