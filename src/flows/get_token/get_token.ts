import { CliError, type ErrorCode } from "../../errors.ts";
import { assertExpected } from "../../identity/expected_account.ts";
import { isApplicationFlow } from "../../profiles/profile.ts";
import type { Session } from "../../store/session.ts";
import { settleIdentity } from "../profiles/profile_identity.ts";
import type { Progress } from "../progress.ts";
import {
  acceptsCached,
  fallBack,
  findCachedToken,
  findToken,
  forSameProfile,
  hasToken,
  refreshSession,
  trySave,
  underLock,
  updateSession,
} from "./acquire_token_silent.ts";
import { signIn } from "./sign_in.ts";
import type { CacheDependencies, TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

export interface GetTokenDependencies extends CacheDependencies {
  /** Opens what a token needs that is not in the cache. Loads the modules for it. */
  readonly openTokenDependencies: (request: TokenRequest, progress: Progress) => Promise<TokenDependencies>;
}

/**
 * Gets an access token in the cheapest way that is allowed: from the cache, by a silent refresh, or by a sign-in. A token
 * of an application itself needs no user, so it comes from the cache or from the authority, whatever else is allowed.
 *
 * @throws {CliError} `no_token` if nothing allowed gives a token, `person_needed` if only a sign-in could,
 *   `wrong_account` if the token belongs to another account than the expected one; and what the store, the refresh, the
 *   wait for another process and the sign-in throw.
 */
export async function getToken(
  requested: TokenRequest,
  dependencies: GetTokenDependencies,
  progress: Progress,
): Promise<TokenResult> {
  const request = withOwner(requested);
  const { session, cached, due } = await findCachedToken(request, dependencies, progress);
  if (cached !== null) return cached;
  const opened = await dependencies.openTokenDependencies(request, progress);
  if (due !== null) return await refreshEarly(request, session, due, opened);
  if (isApplicationFlow(request.flow)) return await acquireTokenForApp(request, opened);
  const silent = await refreshSession(request, session, opened);
  if (silent.kind === "token") return silent.result;
  return await signIn(request, silent, opened);
}

/** Refreshes a token before it expires, as its authority wants. Returns the cached one if that fails in any way. */
async function refreshEarly(
  request: TokenRequest,
  session: Session | null,
  due: TokenResult,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  const { progress } = dependencies;
  try {
    if (isApplicationFlow(request.flow)) return await acquireTokenForApp(request, dependencies);
    const silent = await refreshSession(request, session, dependencies);
    if (silent.kind === "token") return silent.result;
    if (silent.demand !== null) progress({ kind: "refresh-failed", error: silent.demand });
  } catch (error) {
    if (!(error instanceof CliError) || FINAL.includes(error.code)) throw error;
    progress({ kind: "refresh-failed", error });
  }
  return due;
}

/** Errors after which no token is wanted. */
const FINAL: readonly ErrorCode[] = ["interrupted", "no_profile"];

/** An application's own tokens are kept apart from those of its users. */
function withOwner(request: TokenRequest): TokenRequest {
  if (!isApplicationFlow(request.flow)) return request;
  return { ...request, key: { ...request.key, owner: "application" } };
}

/**
 * Gets a token for the application itself. If several processes need one at once, one of them gets it, and the others
 * take it from the cache.
 *
 * @throws {CliError} `no_profile` if the profile was deleted before this process had the lock; what the authority, the
 *   credential and the store throw.
 */
async function acquireTokenForApp(
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
