import type { IssuedTokens } from "../../entra/token_client.ts";
import { CliError, type ErrorCode } from "../../errors.ts";
import { isDefaultScope, missingScopes } from "../../identity/scopes.ts";
import { profileDeletedError } from "../../profiles/profile.ts";
import type { CachedToken, Refusal, Session } from "../../store/session.ts";
import type { Secret } from "../../text/secret.ts";
import type { Progress } from "../progress.ts";
import {
  acceptsCached,
  findCachedToken,
  findToken,
  hasToken,
  trySave,
  updateSession,
} from "./session_tokens.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/** What can be had without the user. */
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
async function refresh(request: TokenRequest, dependencies: TokenDependencies): Promise<SilentResult> {
  const { store, clock, progress } = dependencies;
  const { session, cached } = await findCachedToken(request, dependencies, progress);
  if (session === null || session.account === null) return interactionRequired(session);
  if (cached !== null) return { kind: "token", result: cached };
  // The authority has declared the refresh token invalid.
  if (session.msalCache.reveal() === "") return interactionRequired(session, spentSession(session));
  const stillValid = findToken(session, request, clock.now(), 0);
  let changed: Secret | null = null;
  const onCacheChange = (cache: Secret) => void (changed = cache);
  try {
    // A new refresh token that cannot be saved would be lost, and with it the session.
    await store.rehearseSave();
    const tokens = await dependencies.loadTokenClient();
    progress({ kind: "refreshing", expired: stillValid === null && hasToken(session, request) });
    const failFast = stillValid !== null && acceptsCached(request);
    const issued = await tokens.refresh(session.msalCache, session.account, {
      ...request,
      failFast,
      onCacheChange,
    });
    const refreshed = updateSession(request, issued, session, clock.now());
    const isSaved = await trySave(() => store.save(refreshed), request, dependencies);
    progress({ kind: "refreshed" });
    warnMissingScopes(request, issued, progress);
    return { kind: "token", result: { token: issued.token, source: "refresh", isSaved } };
  } catch (error) {
    if (changed !== null && !isOfAnotherAccount(error)) {
      const kept = { ...session, msalCache: changed, refusal: refusalIn(error) };
      await trySave(() => store.save(kept), request, dependencies);
    }
    if (error instanceof CliError && error.code === "interaction_required") {
      return interactionRequired(session, error);
    }
    return { kind: "token", result: fallBack(error, stillValid, request, progress) };
  }
}

/** A refresh token of another account must not get into the session. */
function isOfAnotherAccount(error: unknown): boolean {
  return error instanceof CliError && error.code === "wrong_account";
}

/** What is remembered of a refusal, for the next command. */
function refusalIn(error: unknown): Refusal | undefined {
  if (!(error instanceof CliError) || error.code !== "interaction_required") return undefined;
  const { message, hint, aadsts, correlationId } = error;
  return { message, hint, aadsts, correlationId };
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
  const scopes = missingScopes(token.scopes, wanted, request.key.authority);
  if (scopes.length > 0) progress({ kind: "scopes-missing", scopes });
}

/**
 * Fails if the profile was deleted since the command began, so that nothing is saved or requested for it. That holds only
 * under the profile's lock, which deleting takes too.
 *
 * @throws {CliError} `no_profile`
 */
export async function assertProfileExists(
  { hasProfile, key }: Pick<TokenRequest, "hasProfile" | "key">,
  { profileExists }: Pick<TokenDependencies, "profileExists">,
): Promise<void> {
  if (hasProfile && !await profileExists()) throw profileDeletedError(key.profile);
}
