import type { IssuedTokens } from "../../entra/token_client.ts";
import { CliError, type ErrorCode } from "../../errors.ts";
import { assertExpected } from "../../identity/expected_account.ts";
import type { ProfileIdentity } from "../../identity/profile_identity.ts";
import { canonicalScope, coversScopes, isDefaultScope, ungrantedScopes } from "../../identity/scopes.ts";
import { isExpired, REFRESH_MARGIN_SECONDS } from "../../identity/token.ts";
import { profileDeletedError, profileReplacedError } from "../../profiles/profile.ts";
import type { CachedToken, Refusal, Session, SessionKey } from "../../store/session.ts";
import type { Reservation } from "../../system/files/private_folder.ts";
import type { Secret } from "../../text/secret.ts";
import type { Progress } from "../progress.ts";
import type { CacheDependencies, TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/** What the cache has for a request. */
export interface FoundInCache {
  /** The session, or null if there is none. */
  readonly session: Session | null;
  /** A token with at least five minutes left, or null if there is none or the authority wants it refreshed by now. */
  readonly cached: TokenResult | null;
  /** The token with at least five minutes left that the authority wants refreshed, to return if that fails. */
  readonly due: TokenResult | null;
}

/**
 * Finds the session of a request, and a token in it.
 *
 * @throws {CliError} `wrong_account` if the session belongs to another account than the expected one; what the store
 *   throws.
 */
export async function findCachedToken(
  request: TokenRequest,
  { store, clock }: CacheDependencies,
  progress: Progress,
): Promise<FoundInCache> {
  const { key, expect, acceptCached, acceptRefresh } = request;
  const session = request.useStore ? await store.read(key) : null;
  // Before the session is used: neither its tokens nor a refreshed one may belong to another account.
  if (session !== null && (acceptCached || acceptRefresh)) assertExpected(session.account, expect, key);
  const token = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (!acceptsCached(request) || token === null) return { session, cached: null, due: null };
  const found: TokenResult = { token, source: "cache", isSaved: true };
  if (acceptRefresh && isRefreshDue(token, clock.now())) return { session, cached: null, due: found };
  progress({ kind: "using-cached-token" });
  return { session, cached: found, due: null };
}

/** Reports whether the authority wants `token` refreshed by now. The time of a changed clock does not count. */
function isRefreshDue({ refreshAt, obtainedAt }: CachedToken, nowMs: number): boolean {
  return refreshAt !== undefined && refreshAt > obtainedAt && refreshAt * 1000 <= nowMs;
}

/** Whether a cached token is accepted: one that was issued before the claims were demanded does not have them. */
export function acceptsCached({ acceptCached, claims }: TokenRequest): boolean {
  return acceptCached && claims === undefined;
}

/** Returns the token of `session` that a request can use for at least `marginSeconds`, or null. */
export function findToken(
  session: Session | null,
  request: TokenRequest,
  nowMs: number,
  marginSeconds: number,
): CachedToken | null {
  const usable = session?.tokens.find((token) =>
    isFor(token, request) && !isExpired(token, nowMs, marginSeconds) &&
    // A token from the future was obtained under another clock, so its expiry can't be trusted either.
    token.obtainedAt * 1000 <= nowMs + REFRESH_MARGIN_SECONDS * 1000
  );
  return usable ?? null;
}

/** Whether `session` has a token for a request, expired or not. */
export function hasToken(session: Session, request: TokenRequest): boolean {
  return session.tokens.some((token) => isFor(token, request));
}

function isFor(token: CachedToken, request: TokenRequest): boolean {
  return coversScopes([...token.scopes, ...token.requestedScopes], request.scopes, request.key.authority);
}

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
  const stillValid = findToken(session, request, clock.now(), 0);
  await using stack = new AsyncDisposableStack();
  let reservation: Reservation | undefined;
  let changed: Secret | null = null;
  const onCacheChange = (cache: Secret) => void (changed = cache);
  try {
    const { settleIdentity } = await import("../profiles/profile_identity.ts");
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
