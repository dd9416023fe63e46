import { CliError } from "../errors.ts";
import { KEY_STORE_LABELS, type KeyStoreName } from "./keystore/key_store.ts";

/** Name of the file with the tokens in the home folder. */
export const TOKEN_FILE = "tokens.enc";

const START_ANEW =
  "The file is kept as it is. To start anew: `entra-auth-cli clear-cache` moves it aside, then sign in again.";

/** `tokens.enc` doesn't look like one. */
export function notATokenFile(detail: string): CliError {
  return new CliError(
    "unreadable_store",
    `${TOKEN_FILE} is not a token file of this program, or is damaged: ${detail}`,
    {
      hint: START_ANEW,
    },
  );
}

/** `tokens.enc` has a format that only a later version of this program knows. */
export function newerTokenFile(version: number): CliError {
  return new CliError(
    "unreadable_store",
    `${TOKEN_FILE} was written by a newer version of this program (format ${version})`,
    {
      hint: `Update entra-auth-cli. ${START_ANEW}`,
    },
  );
}

/** Decryption failed. One message for every reason: what exactly failed would help only who forges. */
export function undecryptable(): CliError {
  return new CliError(
    "unreadable_store",
    `${TOKEN_FILE} can't be decrypted: it is damaged, or its key has changed`,
    {
      hint: START_ANEW,
    },
  );
}

/** What was decrypted isn't what this program writes. */
export function damagedContent(detail: string): CliError {
  return new CliError("unreadable_store", `${TOKEN_FILE} has damaged content: ${detail}`, {
    hint: START_ANEW,
  });
}

/** `tokens.enc` is there, and its guardian has no key for it. `place` is where the key should be. */
export function missingKey(currentKeyStore: KeyStoreName, place: string): CliError {
  return new CliError("unreadable_store", `The key of ${TOKEN_FILE} is missing: it should be in ${place}`, {
    hint: `${BRING_BACK[currentKeyStore]} ${START_ANEW}`,
  });
}

/** What `place` holds is another key than the one that `tokens.enc` was encrypted with. */
export function otherKey(currentKeyStore: KeyStoreName, place: string): CliError {
  return new CliError(
    "unreadable_store",
    `${TOKEN_FILE} was encrypted with another key than the one in ${place}`,
    { hint: `${BRING_BACK[currentKeyStore]} ${START_ANEW}` },
  );
}

/** The key of `tokens.enc` is kept by a guardian that this kind of system can't have. */
export function otherSystem(currentKeyStore: KeyStoreName): CliError {
  return new CliError(
    "unreadable_store",
    `The key of ${TOKEN_FILE} is kept by ${
      KEY_STORE_LABELS[currentKeyStore]
    }, which this system does not have`,
    { hint: `The file was written on another machine, or is damaged. ${START_ANEW}` },
  );
}

/** How the key that a guardian has lost could come back. */
const BRING_BACK: Readonly<Record<KeyStoreName, string>> = {
  "key-file": "Put the key back from a backup.",
  "environment": "Set ENTRA_AUTH_CLI_KEY to the key that the tokens were saved with.",
  "dpapi": "Put the key back from a backup of this user's files on this machine.",
  "keychain":
    "The keychain was reset, or the file comes from another machine: put the keychain back from a backup.",
  "secret-service":
    "The keyring was reset, or the file comes from another machine: put the keyring back from a backup.",
};
