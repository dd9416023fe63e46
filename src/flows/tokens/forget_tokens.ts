import { CliError } from "../../errors.ts";
import { coversScopes } from "../../identity/scopes.ts";
import type { CachedToken, SessionKey } from "../../store/session.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { TokenStore } from "../../store/token_store.ts";
import { startGeneration } from "../profiles/profile_identity.ts";
import type { Secret } from "../../text/secret.ts";

/** The result of {@linkcode forgetTokens}. */
export type Forgotten =
  | {
    readonly kind: "forgotten";
    /** Whether older copies of the token file can still be decrypted, because the key is the user's. */
    readonly isKeyUnchanged?: true;
    /** How many sign-ins were dropped. */
    readonly sessions: number;
  }
  | {
    readonly kind: "moved-aside";
    /** The new path of the file with the tokens of all profiles, which could not be read. */
    readonly path: string;
    /** Why, as a sentence without its full stop. */
    readonly reason: string;
  };

export interface ForgetDependencies {
  readonly store: TokenStore;
  readonly profiles: Pick<ProfileStore, "lookUp" | "identify">;
  /** Ends the wait for a refresh of another process, with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Forgets the tokens of `profile`, or of all profiles if it is null; the rest of the store then gets a new key. A store
 * that can't be read is moved aside, so that the next sign-in makes a new one and nothing is lost.
 *
 * @throws {CliError} `store` or `permission`.
 */
export async function forgetTokens(
  profile: string | null,
  dependencies: ForgetDependencies,
): Promise<Forgotten> {
  const { store } = dependencies;
  const forget = async (): Promise<Forgotten> => {
    const sessions = await drop(profile, dependencies);
    const isKeyUnchanged = profile === null && await store.renewKey() === "unchanged";
    return { kind: "forgotten", sessions, ...(isKeyUnchanged ? { isKeyUnchanged } : {}) };
  };
  try {
    return await forget();
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "unreadable_store") throw error;
    const path = await store.moveAside();
    // Null if another process has just moved it.
    return path === null ? await forget() : { kind: "moved-aside", path, reason: error.message };
  }
}

/** Drops one profile after the other, each under its lock. Deleted profiles may have left tokens too. */
async function drop(profile: string | null, dependencies: ForgetDependencies): Promise<number> {
  const { store } = dependencies;
  if (profile !== null) return await forgetOne(profile, dependencies);
  let sessions = 0;
  for (const name of new Set((await store.list()).map((session) => session.profile))) {
    sessions += await forgetOne(name, dependencies);
  }
  return sessions;
}

/** Forgets the tokens of one profile, also those in older copies of the token file. */
async function forgetOne(name: string, { store, profiles, signal }: ForgetDependencies): Promise<number> {
  const afterwards = async () => {
    const { identity } = await profiles.lookUp(name);
    if (identity !== null) await startGeneration(name, identity, { profiles, store });
  };
  return await store.forget(name, { signal, afterwards });
}

/** The access tokens to forget: one, or those that a request for these scopes would get. */
export type AccessTokenChoice = { readonly accessToken: Secret } | { readonly scopes: readonly string[] };

/**
 * Forgets access tokens of `profile` that an API refused, so that the next request gets new ones. The sign-ins are kept.
 * If another process has replaced the token already, nothing is forgotten.
 *
 * @throws {CliError} `store`, `unreadable_store` or `permission`; the reason of `signal`.
 */
export async function forgetAccessTokens(
  profile: string,
  choice: AccessTokenChoice,
  { store, signal }: Pick<ForgetDependencies, "store" | "signal">,
): Promise<void> {
  const isMeant = (token: CachedToken, { authority }: SessionKey) =>
    "accessToken" in choice
      ? token.accessToken.reveal() === choice.accessToken.reveal()
      : coversScopes([...token.scopes, ...token.requestedScopes], choice.scopes, authority);
  // Without a lock first: usually there is nothing to forget, and nothing to wait for.
  const sessions = await store.list(profile);
  const isKept = sessions.some((session) => session.tokens.some((token) => isMeant(token, session)));
  if (!isKept) return;
  await store.exclusively(profile, signal, async () => {
    for (const session of await store.list(profile)) {
      const tokens = session.tokens.filter((token) => !isMeant(token, session));
      if (tokens.length === session.tokens.length) continue;
      await store.save({ ...session, tokens });
    }
  });
}
