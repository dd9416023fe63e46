import { CliError } from "../errors.ts";
import type { TokenStore } from "../store/token_store.ts";

/** What became of the tokens that were to be forgotten. */
export type Forgotten =
  | {
    readonly kind: "forgotten";
    /** How many sign-ins were dropped. */
    readonly sessions: number;
  }
  | {
    readonly kind: "moved-aside";
    /** Where the file with the tokens of all profiles is now, which could not be read. */
    readonly path: string;
  };

/** Options of {@linkcode forgetTokens}. */
export interface ForgetOptions {
  /** A store that can't be read is left where it is, and is an error. Default: false. */
  readonly keepUnreadable?: boolean;
  /** Ends the wait for a refresh that is under way, with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Forgets the tokens of `profile`. A store that can't be read is moved aside, so that the next sign-in starts anew and
 * nothing is lost.
 *
 * @throws {CliError} `store` or `permission`; `unreadable_store` with `keepUnreadable`.
 */
export async function forgetTokens(
  profile: string,
  store: TokenStore,
  { keepUnreadable = false, ...waiting }: ForgetOptions = {},
): Promise<Forgotten> {
  try {
    return { kind: "forgotten", sessions: await store.forget(profile, waiting) };
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "unreadable_store" || keepUnreadable) throw error;
    const path = await store.moveAside();
    // Another process has moved it meanwhile.
    if (path === null) return { kind: "forgotten", sessions: await store.forget(profile, waiting) };
    return { kind: "moved-aside", path };
  }
}
