import { CliError } from "../../errors.ts";
import { assertExpected } from "../../identity/expected_account.ts";
import type { Session } from "../../store/session.ts";
import { assertProfileExists } from "./assert_profile_exists.ts";
import { TRANSIENT, underLock } from "./acquire_token_silent.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";
import { acceptsCached, findCachedToken, findToken, hasToken } from "./find_cached_token.ts";
import { trySave } from "./try_save.ts";
import { updateSession } from "./update_session.ts";

/**
 * Gets a token for the application itself. Where several processes need one at once, one of them gets it, and the others
 * take it from the cache.
 *
 * @throws {CliError} `no_profile` when the profile was deleted before this process had its turn; what the authority, the
 *   credential and the store's turns throw.
 */
export async function acquireTokenForApp(
  request: TokenRequest,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  assertExpected(null, request.expect, request.key);
  await dependencies.prepareCredential();
  const { store } = dependencies;
  const save: Save = (session) => store.save(session);
  if (!request.useStore) return await acquire(request, null, save, dependencies);
  let isMyTurn = false;
  try {
    return await underLock(request, dependencies, async () => {
      isMyTurn = true;
      await assertProfileExists(request, dependencies);
      const { session, cached } = await findCachedToken(request, dependencies, dependencies.progress);
      return cached ?? await acquire(request, session, save, dependencies);
    });
  } catch (error) {
    // A token is worth more than its order. Without a turn it isn't saved, for the profile may be deleted at any moment.
    if (isMyTurn || !(error instanceof CliError) || !["store", "permission"].includes(error.code)) {
      throw error;
    }
    return await acquire(request, null, () => Promise.reject(error), dependencies);
  }
}

/** Keeps a session. */
type Save = (session: Session) => Promise<void>;

async function acquire(
  request: TokenRequest,
  session: Session | null,
  save: Save,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  const { clock, progress } = dependencies;
  const isRenewal = session !== null && hasToken(session, request);
  const stillValid = findToken(session, request, clock.now(), 0);
  const failFast = stillValid !== null && acceptsCached(request);
  if (isRenewal) progress({ kind: "refreshing", expired: stillValid === null });
  try {
    const issued = await dependencies.acquireTokenForApplication({ ...request, failFast });
    const renewed = updateSession(request, issued, session, clock.now());
    const isSaved = await trySave(() => save(renewed), request, dependencies);
    progress({ kind: isRenewal ? "refreshed" : "signed-in" });
    return { token: issued.token, source: request.flow, isSaved };
  } catch (error) {
    const isTransient = error instanceof CliError && TRANSIENT.includes(error.code);
    if (!isTransient || stillValid === null || !failFast) throw error;
    // The last minutes of a token are better than none while something else answers for the authority, or nothing.
    progress({ kind: "refresh-failed", error });
    return { token: stillValid, source: "cache", isSaved: true };
  }
}
