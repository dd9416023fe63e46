import type { Bytes } from "../../system/files.ts";
import type { PrivateFolder } from "../../system/private_folder.ts";
import { formatKeyText, generateKeyBytes, importDataKey, parseKeyText } from "./data_key.ts";
import { type KeyGuardian, UnusableKeyError } from "./key_guardian.ts";

/** Name of the key file in the home folder. */
const KEY_FILE = "key";

/**
 * Keeps the data key in the file `key` (base64, 0600). It protects the tokens as well as the file permissions do, and
 * no better: who can read the user's files can read both. As ssh does, it refuses a key that others can read.
 */
export function keyFileGuardian(folder: PrivateFolder): KeyGuardian {
  const place = `the file ${folder.pathOf(KEY_FILE)}`;

  async function readKeyBytes(): Promise<Bytes | null> {
    const content = await folder.read(KEY_FILE, "secret");
    if (content === null) return null;
    const bytes = parseKeyText(new TextDecoder().decode(content));
    if (bytes === null) throw damagedKey(place);
    return bytes;
  }

  /** There is nothing that a damaged key could open, but it is the user's, and may tell what happened. */
  async function readOrMoveAside(suffix: string): Promise<Bytes | null> {
    try {
      return await readKeyBytes();
    } catch (error) {
      if (!(error instanceof UnusableKeyError)) throw error;
      await folder.rename(KEY_FILE, KEY_FILE + suffix);
      return null;
    }
  }

  return {
    name: "key-file",
    place,
    async load() {
      const bytes = await readKeyBytes();
      return bytes === null ? null : await importDataKey(bytes);
    },
    async obtain(suffix) {
      const kept = await readOrMoveAside(suffix);
      if (kept !== null) return await importDataKey(kept);
      await folder.replace(KEY_FILE, new TextEncoder().encode(formatKeyText(generateKeyBytes()) + "\n"));
      // What counts is what the next run will find.
      const bytes = await readKeyBytes();
      if (bytes === null) throw damagedKey(place);
      return await importDataKey(bytes);
    },
    async forget() {
      await folder.remove(KEY_FILE);
    },
  };
}

function damagedKey(place: string): UnusableKeyError {
  return new UnusableKeyError(
    `The key in ${place} is damaged: 32 bytes in base64 are expected`,
    "Put the key back from a backup, or start anew: `entra-auth-cli clear-cache`, then sign in again.",
  );
}
