import type { Bytes } from "../../system/files/files.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import type { DataProtection } from "../../system/windows/data_protection.ts";
import { fileKeyStore } from "./key_file.ts";
import { DATA_KEY_LENGTH, type KeyStore, UnusableKeyError } from "./key_store.ts";

/** The file in the home folder with the sealed key in base64. */
const SEALED_KEY_FILE = "key.dpapi";

/**
 * DPAPI's entropy: a fixed text, not a secret. It prevents programs that unseal any data of the same user from unsealing
 * the key by accident.
 */
const ENTROPY = new TextEncoder().encode("entra-auth-cli data key");

/**
 * Stores the data key in the file `key.dpapi`, sealed by Windows DPAPI: only the same user on the same machine (or one
 * that the user's profile roams to) can open it, and not after another user has reset the password.
 *
 * @param load Loads DPAPI. Called only if there is a key to seal or open.
 */
export function dpapiKeyStore(folder: PrivateFolder, load: () => Promise<DataProtection>): KeyStore {
  const path = folder.pathOf(SEALED_KEY_FILE);
  return fileKeyStore({
    name: "dpapi",
    place: `the file ${path}, sealed by Windows DPAPI`,
    folder,
    file: SEALED_KEY_FILE,
    policy: "private",
    async parse(text) {
      const sealed = parseSealedKey(text);
      if (sealed === null) throw damagedKey(path);
      const bytes = (await load()).unprotect(sealed, ENTROPY);
      if (bytes === null) throw inaccessibleKey(path);
      if (bytes.length !== DATA_KEY_LENGTH) throw damagedKey(path);
      return bytes;
    },
    format: async (bytes) => (await load()).protect(bytes, ENTROPY).toBase64(),
    damaged: () => damagedKey(path),
  });
}

/** Decodes a sealed key from base64. Returns null for anything else, or a text too short to contain a key. */
function parseSealedKey(text: string): Bytes | null {
  try {
    const sealed = Uint8Array.fromBase64(text.trim());
    return sealed.length > DATA_KEY_LENGTH ? sealed : null;
  } catch {
    return null;
  }
}

const CLEAR_CACHE = "entra-auth-cli clear-cache\nThen sign in again.";

function damagedKey(path: string): UnusableKeyError {
  return new UnusableKeyError(
    `Invalid key in ${path}: expected a key sealed by Windows DPAPI`,
    `${CLEAR_CACHE} Or restore the key from a backup.`,
  );
}

function inaccessibleKey(path: string): UnusableKeyError {
  return new UnusableKeyError(
    `Windows DPAPI cannot open the key in ${path} for this user`,
    `${CLEAR_CACHE}\nOnly the user and the machine that created the key can open it, and not after another user has ` +
      "reset the user's password.",
  );
}
