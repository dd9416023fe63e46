import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import type { PermissionPolicy } from "../../system/files/file_permissions.ts";
import type { Bytes } from "../../system/files/files.ts";
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
      "Run `entra-auth-cli clear-cache`, then sign in again. Or restore the key from a backup.",
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
  parse(text: string): Bytes;
  format(bytes: Bytes): string;
  /** Creates the error for a key that differs from what was written. */
  damaged(): UnusableKeyError;
}

/** Larger than any sealed key. */
const MAX_KEY_FILE_BYTES = 65_536;

/** Stores the data key in a file, in the format of `options`. */
export function fileKeyStore(options: FileKeyStoreOptions): KeyStore {
  const { name, place, folder, file, policy } = options;

  async function readKeyBytes(): Promise<Bytes | null> {
    using source = await folder.open(file, policy);
    if (source === null) return null;
    if (source.size > MAX_KEY_FILE_BYTES) throw options.damaged();
    return options.parse(new TextDecoder().decode(await source.read(0, source.size)));
  }

  /** Keeps an unusable key under another name: it is the user's, and may become usable again. */
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
      const generated = generateKeyBytes();
      await folder.replace(file, new TextEncoder().encode(options.format(generated) + "\n"));
      // The next run reads the file: what it will find counts.
      const bytes = await readKeyBytes();
      if (bytes === null || !timingSafeEqual(bytes, generated)) throw options.damaged();
      return await importDataKey(bytes);
    },
    forget: () => folder.remove(file),
  };
}
