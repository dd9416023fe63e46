import type { IssuedTokens } from "../../entra/token_client.ts";
import { CliError } from "../../errors.ts";
import { assertExpected } from "../../identity/expected_account.ts";
import { canonicalScope, coversScopes } from "../../identity/scopes.ts";
import { isExpired, REFRESH_MARGIN_SECONDS } from "../../identity/token.ts";
import type { CachedToken, Session, SessionKey } from "../../store/session.ts";
import type { Progress } from "../progress.ts";
import type { CacheDependencies, TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/**
 * Finds the session of a request, and a token in it with at least five minutes left; each is null if there is none.
 *
 * @throws {CliError} `wrong_account` if the session belongs to another account than the expected one; what the store
 *   throws.
 */
export async function findCachedToken(
  request: TokenRequest,
  { store, clock }: CacheDependencies,
  progress: Progress,
): Promise<{ session: Session | null; cached: TokenResult | null }> {
  const { key, expect, acceptCached, acceptRefresh } = request;
  const session = request.useStore ? await store.read(key) : null;
  // Before the session is used: neither its tokens nor a refreshed one may belong to another account.
  if (session !== null && (acceptCached || acceptRefresh)) assertExpected(session.account, expect, key);
  const token = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (!acceptsCached(request) || token === null) return { session, cached: null };
  progress({ kind: "using-cached-token" });
  return { session, cached: { token, source: "cache", isSaved: true } };
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
 * Returns the session to save once tokens were issued. A refresh keeps the account's other tokens that have not expired;
 * a sign-in (`previous` is null) replaces everything.
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
  const others = (previous?.tokens ?? []).filter((other) =>
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

/** Saves, and returns whether that succeeded. A store that fails is reported: the token in hand is worth more. */
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
