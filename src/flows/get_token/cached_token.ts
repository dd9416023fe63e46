import { assertExpected } from "../../identity/expected_account.ts";
import { coversScopes } from "../../identity/scopes.ts";
import { isExpired, REFRESH_MARGIN_SECONDS } from "../../identity/token.ts";
import type { CachedToken, Session } from "../../store/session.ts";
import type { Progress } from "../progress.ts";
import type { CacheDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/** The result of looking for a token in the cache. */
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
