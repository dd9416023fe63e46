import type { PrivateFolder } from "../../system/files/private_folder.ts";
import { formatKeyText, parseKeyText } from "./data_key.ts";
import { type KeyStore, UnusableKeyError } from "./key_store.ts";
import { keyInFile } from "./key_in_file.ts";

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
