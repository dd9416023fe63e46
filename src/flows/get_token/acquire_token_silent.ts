import type { IssuedTokens } from "../../entra/token_client.ts";
import { CliError, type ErrorCode } from "../../errors.ts";
import { assertExpected } from "../../identity/expected_account.ts";
import type { ProfileIdentity } from "../../identity/profile_identity.ts";
import { canonicalScope, isDefaultScope, ungrantedScopes } from "../../identity/scopes.ts";
import { isExpired } from "../../identity/token.ts";
import { isApplicationFlow, profileDeletedError, profileReplacedError } from "../../profiles/profile.ts";
import type { CachedToken, Refusal, Session, SessionKey } from "../../store/session.ts";
import type { Reservation } from "../../system/files/private_folder.ts";
import type { Secret } from "../../text/secret.ts";
import { settleIdentity } from "../profiles/profile_identity.ts";
import type { Progress } from "../progress.ts";
import { acceptsCached, findCachedToken, findToken, hasToken } from "./cached_token.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/** More scope sets than anyone uses with one profile; the oldest are dropped. */
const MAX_TOKENS = 20;

/**
 * Returns the session to save once tokens were issued. The other tokens of the same account that have not expired are
 * kept, because a refresh token may be good for its own scopes only (RFC 6749 section 6).
 *
 * @param nowMs Milliseconds since 1970.
 */
export function updateSession(
  request: { readonly key: SessionKey; readonly scopes: readonly string[] },
  issued: IssuedTokens,
  previous: Session | null,
  nowMs: number,
): Session {
  const token: CachedToken = {
    ...issued.token,
    requestedScopes: request.scopes,
    obtainedAt: Math.floor(nowMs / 1000),
  };
  const { authority } = request.key;
  const isSameAccount = previous?.account?.homeAccountId === issued.token.account?.homeAccountId;
  const others = (isSameAccount ? previous?.tokens ?? [] : []).filter((other) =>
    !isExpired(other, nowMs) &&
    scopeSet(other.requestedScopes, authority) !== scopeSet(request.scopes, authority)
  );
  return {
    ...request.key,
    account: issued.token.account,
    tokens: [token, ...others].slice(0, MAX_TOKENS),
    msalCache: issued.cache,
  };
}

function scopeSet(scopes: readonly string[], authority: string): string {
  return scopes.map((scope) => canonicalScope(scope, authority)).sort().join(" ");
}

/** Saves, and returns whether that succeeded. Reports an error of the store instead of throwing it: the token is still valid. */
export async function trySave(
  write: () => Promise<void>,
  request: TokenRequest,
  { progress }: Pick<TokenDependencies, "progress">,
): Promise<boolean> {
  if (!request.useStore) return false;
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof CliError) || error.code === "interrupted") throw error;
    progress({ kind: "not-saved", error });
    return false;
  }
}

/** The result of getting a token without the user. */
export type SilentResult = { readonly kind: "token"; readonly result: TokenResult } | InteractionRequired;

/** Only a sign-in gives a token. */
export interface InteractionRequired {
  readonly kind: "interaction-required";
  /** The session so far. */
  readonly session: Session | null;
  /** Why the authority refused a refresh, if there was one. */
  readonly demand: CliError | null;
}

/**
 * Gets what is allowed without the user: a token from the cache, or a silent refresh.
 *
 * @throws {CliError} `wrong_account` if the session belongs to another account than the expected one; what the store, the
 *   credential and the refresh throw.
 */
export async function acquireTokenSilent(
  request: TokenRequest,
  dependencies: TokenDependencies,
): Promise<SilentResult> {
  const { session, cached } = await findCachedToken(request, dependencies, dependencies.progress);
  if (cached !== null) return { kind: "token", result: cached };
  return await refreshSession(request, session, dependencies);
}

/** Refreshes `session`, if that is allowed. @throws {CliError} What the store, the credential and the refresh throw. */
export async function refreshSession(
  request: TokenRequest,
  session: Session | null,
  dependencies: TokenDependencies,
): Promise<SilentResult> {
  if (!request.acceptRefresh || session === null) return interactionRequired(session);
  await dependencies.prepareCredential();
  return await underLock(request, dependencies, () => refresh(request, dependencies));
}

function interactionRequired(session: Session | null, demand: CliError | null = null): InteractionRequired {
  return { kind: "interaction-required", session, demand };
}

/** A longer wait for other processes is reported, in milliseconds. */
const SILENT_WAIT_MS = 1000;

/** Runs `work` under the profile's lock, and reports a longer wait for it. @throws {CliError} What `work` and the store throw. */
export async function underLock<T>(
  request: TokenRequest,
  { store, clock, progress, signal }: TokenDependencies,
  work: () => Promise<T>,
): Promise<T> {
  const { profile } = request.key;
  using silence = clock.deadline(SILENT_WAIT_MS);
  silence.signal.addEventListener("abort", () => progress({ kind: "waiting-for-refresh", profile }));
  return await store.exclusively(profile, signal, async () => {
    silence[Symbol.dispose]();
    return await work();
  });
}

/** Refreshes, unless another process did so while this one waited for the lock. */
async function refresh(requested: TokenRequest, dependencies: TokenDependencies): Promise<SilentResult> {
  const { store, clock, progress } = dependencies;
  let request = await forSameProfile(requested, dependencies);
  const { session, cached } = await findCachedToken(request, dependencies, progress);
  if (session === null || session.account === null) return interactionRequired(session);
  if (cached !== null) return { kind: "token", result: cached };
  // The authority has declared the refresh token invalid.
  if (session.msalCache.reveal() === "") return interactionRequired(session, spentSession(session));
  dependencies.prepareTokenClient();
  const stillValid = findToken(session, request, clock.now(), 0);
  await using stack = new AsyncDisposableStack();
  let reservation: Reservation | undefined;
  let changed: Secret | null = null;
  const onCacheChange = (cache: Secret) => void (changed = cache);
  try {
    // A new refresh token that cannot be saved would be lost, and with it the session.
    reservation = stack.use(await store.reserveSave(request.key.profile));
    request = withIdentity(request, await settleIdentity(request.key.profile, dependencies, session));
    const tokens = await dependencies.loadTokenClient();
    progress({ kind: "refreshing", expired: stillValid === null && hasToken(session, request) });
    const failFast = stillValid !== null && acceptsCached(request);
    const issued = await tokens.refresh(session.msalCache, session.account, {
      ...request,
      failFast,
      onCacheChange,
    });
    const refreshed = updateSession(request, issued, session, clock.now());
    const isSaved = await saveRotated(refreshed, reservation, request, dependencies);
    progress({ kind: "refreshed" });
    warnMissingScopes(request, issued, progress);
    return { kind: "token", result: { token: issued.token, source: "refresh", isSaved } };
  } catch (error) {
    if (changed !== null && !isOfAnotherAccount(error)) {
      const { identity } = request.key;
      const kept = { ...session, identity, msalCache: changed, refusal: refusalIn(error) };
      await saveRotated(kept, reservation, request, dependencies);
    }
    if (error instanceof CliError && error.code === "interaction_required") {
      return interactionRequired(session, error);
    }
    return { kind: "token", result: fallBack(error, stillValid, request, progress) };
  }
}

/** How often a new refresh token is saved again if that fails, for a cause that passes, such as a lock of a slow process. */
const SAVE_RETRIES = 2;
const SAVE_PAUSE_MS = 100;

/**
 * Saves a session with a new refresh token, and returns whether that succeeded. The authority may no longer accept the
 * former one, so a failure is retried, and reported with what it means.
 */
async function saveRotated(
  session: Session,
  reservation: Reservation | undefined,
  request: TokenRequest,
  { store, clock, progress }: TokenDependencies,
): Promise<boolean> {
  const save = async (retries: number): Promise<void> => {
    try {
      await store.save(session, reservation);
    } catch (error) {
      if (retries === 0 || !(error instanceof CliError) || error.code !== "store") throw error;
      // Ctrl-C does not end the wait: it is short, and the session is at stake.
      await clock.wait(SAVE_PAUSE_MS, new AbortController().signal);
      await save(retries - 1);
    }
  };
  const warnOfLoss: Progress = (event) =>
    progress(event.kind === "not-saved" ? { ...event, losesRefreshToken: true } : event);
  return await trySave(() => save(SAVE_RETRIES), request, { progress: warnOfLoss });
}

/** A refresh token of another account must not get into the session. */
function isOfAnotherAccount(error: unknown): boolean {
  return error instanceof CliError && error.code === "wrong_account";
}

/** What is remembered of a refusal, for the next command. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof CliError) || error.code !== "interaction_required") return undefined;
  const { message, hint, aadsts, correlationId, description } = error;
  return { message, hint, aadsts, correlationId, description };
}

function spentSession({ refusal }: Session): CliError {
  const { message, ...options } = refusal ?? { message: "The saved sign-in is no longer valid" };
  return new CliError("interaction_required", message, { hint: "Sign in again.", ...options });
}

/** Errors that say nothing about whether the authority would give another token. */
const TRANSIENT: readonly ErrorCode[] = ["network", "invalid_response", "store"];

/**
 * Returns the cached token that has not expired yet: its last minutes are better than no token while the authority can't
 * be reached, something else responds in its place, or a new token could not be saved.
 *
 * @throws `error` if there is no such token, or the error is not transient.
 */
export function fallBack(
  error: unknown,
  stillValid: CachedToken | null,
  request: TokenRequest,
  progress: Progress,
): TokenResult {
  const isTransient = error instanceof CliError && TRANSIENT.includes(error.code);
  if (!isTransient || stillValid === null || !acceptsCached(request)) throw error;
  progress({ kind: "refresh-failed", error });
  return { token: stillValid, source: "cache", isSaved: true };
}

/** Reports the scopes that were requested and not granted; `.default` stands for any. */
export function warnMissingScopes(
  request: TokenRequest,
  { token }: IssuedTokens,
  progress: Progress,
): void {
  const wanted = request.scopes.filter((scope) => !isDefaultScope(scope));
  const scopes = ungrantedScopes(token.scopes, wanted, request.key.authority);
  if (scopes.length > 0) progress({ kind: "scopes-missing", scopes });
}

/**
 * Returns the request for the profile as it is now. Fails if that is another profile than the one that the command began
 * with, so that nothing of the one is requested, saved or returned for the other. That holds only under the profile's
 * lock, which deleting and renaming take too.
 *
 * @throws {CliError} `no_profile`
 */
export async function forSameProfile(
  request: TokenRequest,
  { profiles }: Pick<TokenDependencies, "profiles">,
): Promise<TokenRequest> {
  const { hasProfile, key } = request;
  const { profile, identity } = await profiles.lookUp(key.profile);
  if (hasProfile && profile === null) throw profileDeletedError(key.profile);
  const isOther = key.identity !== null && identity?.id !== key.identity.id;
  if (isOther || hasProfile !== (profile !== null)) throw profileReplacedError(key.profile);
  return withIdentity(request, identity);
}

export function withIdentity(request: TokenRequest, identity: ProfileIdentity | null): TokenRequest {
  return { ...request, key: { ...request.key, identity } };
}

/** Refreshes a token before it expires, as its authority wants. Returns the cached one if that fails in any way. */
export async function refreshEarly(
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
  const save: SaveSession = async (session) => {
    const identity = await settleIdentity(session.profile, dependencies, session);
    await store.save({ ...session, identity });
  };
  if (!request.useStore) return await acquireForApp(request, null, save, dependencies);
  let isLocked = false;
  try {
    return await underLock(request, dependencies, async () => {
      isLocked = true;
      const same = await forSameProfile(request, dependencies);
      const { session, cached } = await findCachedToken(same, dependencies, progress);
      return cached ?? await acquireForApp(same, session, save, dependencies);
    });
  } catch (error) {
    // A token is worth more than the lock. Without the lock it is not saved: the profile may be deleted at any moment.
    if (isLocked || !(error instanceof CliError) || !["store", "permission"].includes(error.code)) {
      throw error;
    }
    return await acquireForApp(request, null, () => Promise.reject(error), dependencies);
  }
}

type SaveSession = (session: Session) => Promise<void>;

async function acquireForApp(
  request: TokenRequest,
  session: Session | null,
  save: SaveSession,
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
