import { CliError } from "../../errors.ts";
import type { TokenStore } from "../../store/token_store.ts";

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

export interface ForgetDependencies {
  readonly store: TokenStore;
  /** Ends the wait for a refresh of another process, with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Forgets the tokens of `profile`, or of all profiles where it is null. A store that can't be read is moved aside, so that
 * the next sign-in starts anew and nothing is lost.
 *
 * @throws {CliError} `store` or `permission`.
 */
export async function forgetTokens(
  profile: string | null,
  { store, signal }: ForgetDependencies,
): Promise<Forgotten> {
  const forget = async () => ({ kind: "forgotten", sessions: await drop(profile, store, signal) }) as const;
  try {
    return await forget();
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "unreadable_store") throw error;
    const path = await store.moveAside();
    // Another process has moved it meanwhile.
    return path === null ? await forget() : { kind: "moved-aside", path };
  }
}

/** One profile after the other, each in its turn. Those that were deleted may have left tokens too. */
async function drop(
  profile: string | null,
  store: TokenStore,
  signal: AbortSignal,
): Promise<number> {
  if (profile !== null) return await store.forget(profile, { signal });
  let sessions = 0;
  for (const name of new Set((await store.list()).map((session) => session.profile))) {
    sessions += await store.forget(name, { signal });
  }
  return sessions;
}
