import { CliError } from "../errors.ts";
import { KEY_STORE_LABELS, type KeyStoreName } from "./keystore/key_store.ts";

export const TOKEN_FILE = "tokens.enc";

const CLEAR_CACHE = "entra-auth-cli clear-cache\n" +
  "This moves the file aside, so that you can sign in again. Until then it is kept.";

export function invalidTokenFile(detail: string): CliError {
  return unreadable(
    `${TOKEN_FILE} is damaged or was not written by entra-auth-cli: ${detail}`,
    CLEAR_CACHE,
  );
}

export function newerTokenFile(version: number): CliError {
  return unreadable(
    `${TOKEN_FILE} was written by a newer version of entra-auth-cli (format ${version})`,
    `Update entra-auth-cli. Or run:\n${CLEAR_CACHE}`,
  );
}

/** One message for every failure of decryption: details would only help a forger. */
export function undecryptable(): CliError {
  return unreadable(
    `Cannot decrypt ${TOKEN_FILE}: it is damaged, or its key has changed`,
    CLEAR_CACHE,
  );
}

/** The decrypted content has an unexpected form. `detail` must not quote it. */
export function damagedContent(detail: string): CliError {
  return unreadable(`${TOKEN_FILE} has invalid content: ${detail}`, CLEAR_CACHE);
}

/** @param place The expected location of the key. */
export function missingKey(keyStore: KeyStoreName, place: string): CliError {
  return unreadable(`The key of ${TOKEN_FILE} is missing: expected it in ${place}`, restoreHint(keyStore));
}

export function differentKey(keyStore: KeyStoreName, place: string): CliError {
  return unreadable(
    `${TOKEN_FILE} was encrypted with a different key than the one in ${place}`,
    restoreHint(keyStore),
  );
}

/** The tokens are encrypted with a key in a file, though the machine has a key store. */
export function weakerKeyStore(place: string, better: KeyStoreName): CliError {
  return unreadable(
    `The key of ${TOKEN_FILE} is in ${place}, although ${KEY_STORE_LABELS[better]} is available`,
    `ENTRA_AUTH_CLI_KEYRING=${better} entra-auth-cli get-token moves it there, if you put the files there yourself.\n` +
      "To keep it in the file, set ENTRA_AUTH_CLI_KEYRING=file.\n" +
      "Otherwise entra-auth-cli clear-cache moves the file aside, so that you can sign in again.",
  );
}

export function otherSystem(keyStore: KeyStoreName): CliError {
  return unreadable(
    `The key of ${TOKEN_FILE} is in ${KEY_STORE_LABELS[keyStore]}, which is not available on this system`,
    `${CLEAR_CACHE}\nThe file was written on another machine, or is damaged.`,
  );
}

function unreadable(message: string, hint: string): CliError {
  return new CliError("unreadable_store", message, { hint });
}

function restoreHint(keyStore: KeyStoreName): string {
  return `${RESTORE[keyStore]} Or run:\n${CLEAR_CACHE}`;
}

const RESTORE: Readonly<Record<KeyStoreName, string>> = {
  "key-file": "Restore the key from a backup.",
  "environment": "Set ENTRA_AUTH_CLI_KEY to the key that the tokens were saved with.",
  "dpapi": "Restore the key from a backup of this user's files on this machine.",
  "keychain":
    "Restore the keychain from a backup: it was reset, or the file was copied from another machine.",
  "secret-service":
    "Restore the keyring from a backup: it was reset, or the file was copied from another machine.",
};
