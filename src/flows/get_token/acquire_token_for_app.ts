import { CliError } from "../../errors.ts";
import { assertExpected } from "../../identity/expected_account.ts";
import type { Session } from "../../store/session.ts";
import { settleIdentity } from "../profiles/profile_identity.ts";
import {
  acceptsCached,
  fallBack,
  findCachedToken,
  findToken,
  forSameProfile,
  hasToken,
  trySave,
  underLock,
  updateSession,
} from "./acquire_token_silent.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/**
 * Gets a token for the application itself. If several processes need one at once, one of them gets it, and the others
 * take it from the cache.
 *
 * @throws {CliError} `no_profile` if the profile was deleted before this process had the lock; what the authority, the
 *   credential and the store throw.
 */
export async function acquireTokenForApp(
  request: TokenRequest,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  assertExpected(null, request.expect, request.key);
  await dependencies.prepareCredential();
  const { store, progress } = dependencies;
  const save: Save = async (session) => {
    const identity = await settleIdentity(session.profile, dependencies, session);
    await store.save({ ...session, identity });
  };
  if (!request.useStore) return await acquire(request, null, save, dependencies);
  let isLocked = false;
  try {
    return await underLock(request, dependencies, async () => {
      isLocked = true;
      const same = await forSameProfile(request, dependencies);
      const { session, cached } = await findCachedToken(same, dependencies, progress);
      return cached ?? await acquire(same, session, save, dependencies);
    });
  } catch (error) {
    // A token is worth more than the lock. Without the lock it is not saved: the profile may be deleted at any moment.
    if (isLocked || !(error instanceof CliError) || !["store", "permission"].includes(error.code)) {
      throw error;
    }
    return await acquire(request, null, () => Promise.reject(error), dependencies);
  }
}

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
    const { acquireWithClientCredentials, acquireWithManagedIdentity } = dependencies;
    const isManaged = request.flow === "managed-identity";
    const acquireToken = isManaged ? acquireWithManagedIdentity : acquireWithClientCredentials;
    const issued = await acquireToken({ ...request, failFast });
    const renewed = updateSession(request, issued, session, clock.now());
    const isSaved = await trySave(() => save(renewed), request, dependencies);
    progress({ kind: isRenewal ? "refreshed" : "signed-in" });
    return { token: issued.token, source: request.flow, isSaved };
  } catch (error) {
    return fallBack(error, stillValid, request, progress);
  }
}
