import { CliError } from "../errors.ts";
import { GUARDIAN_LABELS, GUARDIAN_NUMBERS, type GuardianName } from "./guardian/key_guardian.ts";

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

/** `tokens.enc` is there, and its key isn't. `place` is where the key should be. */
export function missingKey(place: string): CliError {
  return new CliError("unreadable_store", `The key of ${TOKEN_FILE} is missing: it should be in ${place}`, {
    hint: `Put the key back from a backup. ${START_ANEW}`,
  });
}

/** `tokens.enc` was encrypted by guardian `number` with another key than the one in `place`. */
export function otherKey(number: number, place: string): CliError {
  const keeper = GUARDIAN_NAMES.find((name) => GUARDIAN_NUMBERS[name] === number);
  const kept = keeper === undefined ? "" : `The other key was kept by ${GUARDIAN_LABELS[keeper]}. `;
  return new CliError(
    "unreadable_store",
    `${TOKEN_FILE} was encrypted with another key than the one in ${place}`,
    {
      hint: `${kept}Put that key back. ${START_ANEW}`,
    },
  );
}

const GUARDIAN_NAMES = Object.keys(GUARDIAN_NUMBERS) as GuardianName[];
