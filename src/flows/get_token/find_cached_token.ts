import { assertExpected } from "../../identity/expected_account.ts";
import { coversScopes } from "../../identity/scopes.ts";
import type { CachedToken, Session } from "../../store/session.ts";
import type { Progress } from "../progress.ts";
import { isExpired, REFRESH_MARGIN_SECONDS } from "../../identity/token.ts";
import type { CacheDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/** What is kept for a request: all that its session has, and a token that will do, or null. @throws {CliError} What the store throws. */
export async function findCachedToken(
  request: TokenRequest,
  { store, clock }: CacheDependencies,
  progress: Progress,
): Promise<{ session: Session | null; cached: TokenResult | null }> {
  const session = request.useStore ? await store.read(request.key) : null;
  if (request.acceptCached || request.acceptRefresh) checkAccount(session, request);
  const token = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (!acceptsCached(request) || token === null) return { session, cached: null };
  progress({ kind: "using-cached-token" });
  return { session, cached: { token, source: "cache", isSaved: true } };
}

/** Whether a kept token will do: one that was issued before claims were demanded can't have them. */
export function acceptsCached({ acceptCached, claims }: TokenRequest): boolean {
  return acceptCached && claims === undefined;
}

/** Before anything of the session is used: neither a cached token nor a refreshed one may be somebody else's. */
function checkAccount(session: Session | null, { expect, key }: TokenRequest): void {
  if (session !== null) assertExpected(session.account, expect, key);
}

/** The token of `session` that a request can use for `marginSeconds` more, or null. */
export function findToken(
  session: Session | null,
  request: TokenRequest,
  nowMs: number,
  marginSeconds: number,
): CachedToken | null {
  const usable = session?.tokens.find((token) =>
    isFor(token, request) && !isExpired(token, nowMs, marginSeconds) &&
    // A token from the future was obtained under another clock, so its end can't be believed either.
    token.obtainedAt * 1000 <= nowMs + REFRESH_MARGIN_SECONDS * 1000
  );
  return usable ?? null;
}

/** Whether `session` has a token for a request, be it over. */
export function hasToken(session: Session, request: TokenRequest): boolean {
  return session.tokens.some((token) => isFor(token, request));
}

function isFor(token: CachedToken, request: TokenRequest): boolean {
  return coversScopes([...token.scopes, ...token.requestedScopes], request.scopes, request.key.authority);
}
