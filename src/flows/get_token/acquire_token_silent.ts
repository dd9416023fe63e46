import { CliError, type ErrorCode } from "../../errors.ts";
import type { Session } from "../../store/session.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";
import { acceptsCached, findCachedToken, findToken, hasToken } from "./find_cached_token.ts";
import { warnMissingScopes } from "./warn_missing_scopes.ts";
import { trySave } from "./try_save.ts";
import { updateSession } from "./update_session.ts";

/** What can be had without the user. */
export type SilentResult = { readonly kind: "token"; readonly result: TokenResult } | InteractionRequired;

/** Only the user can go on. */
export interface InteractionRequired {
  /** Tells it from a token. */
  readonly kind: "user-needed";
  /** Who was signed in so far. */
  readonly session: Session | null;
  /** What the authority said about the refresh, where there was one. */
  readonly demand: CliError | null;
}

/**
 * Gets what is allowed without the user: a token from the cache, or a silent refresh.
 *
 * @throws {CliError} `wrong_account` when it belongs to somebody else than the expected account; what the store, the
 *   credential and the refresh throw.
 */
export async function acquireTokenSilent(
  request: TokenRequest,
  dependencies: TokenDependencies,
): Promise<SilentResult> {
  const { session, cached } = await findCachedToken(request, dependencies, dependencies.progress);
  if (cached !== null) return { kind: "token", result: cached };
  return await refreshOnce(request, session, dependencies);
}

/** The same once the cache had nothing but `session`. @throws {CliError} What the store, the credential and the refresh throw. */
export async function refreshOnce(
  request: TokenRequest,
  session: Session | null,
  dependencies: TokenDependencies,
): Promise<SilentResult> {
  if (!request.acceptRefresh || session === null) return { kind: "user-needed", session, demand: null };
  await dependencies.prepareCredential();
  return await underLock(request, dependencies, () => refresh(request, dependencies));
}

/** A wait that is longer is worth a word, in milliseconds. */
const PATIENCE_MS = 1000;

/** Runs `work` in the profile's turn, and says so where others take theirs. @throws {CliError} What `work` and the store throw. */
export async function underLock<T>(
  request: TokenRequest,
  { store, clock, progress, signal }: TokenDependencies,
  work: () => Promise<T>,
): Promise<T> {
  const { profile } = request.key;
  using patience = clock.deadline(PATIENCE_MS);
  patience.signal.addEventListener("abort", () => progress({ kind: "waiting-for-refresh", profile }));
  return await store.exclusively(profile, signal, async () => {
    patience[Symbol.dispose]();
    return await work();
  });
}

/** Errors that say nothing about whether the authority would give another token. */
export const TRANSIENT: readonly ErrorCode[] = ["network", "invalid_response"];

/** Refreshes, unless another process did while this one waited for its turn. */
async function refresh(request: TokenRequest, dependencies: TokenDependencies): Promise<SilentResult> {
  const { store, clock, progress } = dependencies;
  const { session, cached } = await findCachedToken(request, dependencies, dependencies.progress);
  if (session === null || session.account === null) return { kind: "user-needed", session, demand: null };
  if (cached !== null) return { kind: "token", result: cached };
  const stillValid = findToken(session, request, clock.now(), 0);
  try {
    const tokens = await dependencies.loadTokenClient();
    progress({ kind: "refreshing", expired: stillValid === null && hasToken(session, request) });
    const failFast = stillValid !== null && acceptsCached(request);
    const issued = await tokens.refresh(session.msalCache, session.account, { ...request, failFast });
    const refreshed = updateSession(request, issued, session, clock.now());
    const isSaved = await trySave(() => store.save(refreshed), request, dependencies);
    progress({ kind: "refreshed" });
    warnMissingScopes(request, issued, progress);
    return { kind: "token", result: { token: issued.token, source: "refresh", isSaved } };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "interaction_required") return { kind: "user-needed", session, demand: error };
    if (!TRANSIENT.includes(error.code) || stillValid === null || !acceptsCached(request)) throw error;
    // The last minutes of a token are better than none while something else answers for the authority, or nothing.
    progress({ kind: "refresh-failed", error });
    return { kind: "token", result: { token: stillValid, source: "cache", isSaved: true } };
  }
}
