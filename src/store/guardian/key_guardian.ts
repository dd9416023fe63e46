import { CliError } from "../../errors.ts";
import type { DataKey } from "./data_key.ts";

/** Who can keep the data key, with the number that stands for it in the header of `tokens.enc`. */
export const GUARDIAN_NUMBERS = {
  "key-file": 1,
  "environment": 2,
} as const;

/** What each guardian is called where people read it. */
export const GUARDIAN_LABELS: Readonly<Record<GuardianName, string>> = {
  "key-file": "the key file",
  "environment": "the environment variable ENTRA_AUTH_CLI_KEY",
};

/** The name of a guardian. */
export type GuardianName = keyof typeof GUARDIAN_NUMBERS;

/** A guardian has something in the place of the key that isn't one. */
export class UnusableKeyError extends CliError {
  /** `message` says what is wrong with it, `hint` what to do. */
  constructor(message: string, hint: string) {
    super("unreadable_store", message, { hint });
  }
}

/** Keeps the key that encrypts `tokens.enc`. Its methods throw a `CliError`: `store`, `unreadable_store` or `permission`. */
export interface KeyGuardian {
  /** Which one it is. */
  readonly name: GuardianName;
  /** Where the key is, for people: "the file /home/me/.entra-auth-cli/key". */
  readonly place: string;
  /** The key, or null when there is none yet. @throws {UnusableKeyError} when what is there is no key. */
  load(): Promise<DataKey | null>;
  /** Makes the key. Only for who holds the store's lock and has seen that there is none. */
  create(): Promise<DataKey>;
  /** Moves a key that can't be used out of the way, so that a new one can be made. `suffix` is put after its name. */
  retire(suffix: string): Promise<void>;
}
