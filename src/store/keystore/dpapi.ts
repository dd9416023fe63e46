import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import type { DataProtection } from "../../system/windows/data_protection.ts";
import type { Bytes } from "../../system/files/files.ts";
import type { PrivateFolder } from "../../system/files/private_folder.ts";
import { DATA_KEY_LENGTH, type KeyStore, UnusableKeyError } from "./key_store.ts";
import { keyInFile } from "./key_file.ts";

/** Name of the file in the home folder that has the sealed key, in base64. */
const SEALED_KEY_FILE = "key.dpapi";

/**
 * DPAPI's entropy: a fixed text, and no secret. It keeps programs that unseal whatever they find, for the same user,
 * from doing so by mistake.
 */
const PURPOSE = new TextEncoder().encode("entra-auth-cli data key");

/**
 * Keeps the data key in the file `key.dpapi`, sealed by Windows DPAPI: only the same user on the same machine (or one
 * that the user's profile roams to) can open it. Whoever resets the user's password, or copies the file, can't.
 *
 * @param load Loads DPAPI; called when it is needed, and never for a key that isn't there.
 */
export function dpapiKeyStore(folder: PrivateFolder, load: () => Promise<DataProtection>): KeyStore {
  const path = folder.pathOf(SEALED_KEY_FILE);
  return keyInFile({
    name: "dpapi",
    place: `the file ${path}, which Windows DPAPI seals`,
    folder,
    file: SEALED_KEY_FILE,
    strictness: "private",
    async parse(text) {
      const sealed = parseSealedKey(text);
      if (sealed === null) throw damagedKey(path);
      const bytes = (await load()).unprotect(sealed, PURPOSE);
      if (bytes === null) throw unopenableKey(path);
      if (bytes.length !== DATA_KEY_LENGTH) throw damagedKey(path);
      return bytes;
    },
    format: async (bytes) => encodeBase64((await load()).protect(bytes, PURPOSE)),
    damaged: () => damagedKey(path),
  });
}

/** The sealed key that `text` holds in base64; null for anything else, and for what is too short to hold a key. */
function parseSealedKey(text: string): Bytes | null {
  try {
    const sealed = decodeBase64(text.trim());
    return sealed.length > DATA_KEY_LENGTH ? sealed : null;
  } catch {
    return null;
  }
}

const START_ANEW = "start anew: `entra-auth-cli clear-cache`, then sign in again.";

function damagedKey(path: string): UnusableKeyError {
  return new UnusableKeyError(
    `The key in ${path} is damaged: it is no key that Windows DPAPI sealed`,
    `Put the key back from a backup, or ${START_ANEW}`,
  );
}

function unopenableKey(path: string): UnusableKeyError {
  return new UnusableKeyError(
    `Windows does not open the key in ${path} for this user`,
    "It opens only for the user and on the machine that made it, and no more once somebody else has reset that user's " +
      `password.\nIf that is you again, try again; otherwise ${START_ANEW}`,
  );
}
