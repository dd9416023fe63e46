import { CliError, type ErrorCode } from "../errors.ts";
import { assertExpected } from "../expected_account.ts";
import { coversScopes } from "../scopes.ts";
import type { CachedToken, Session } from "../store/session.ts";
import { isExpired, REFRESH_MARGIN_SECONDS } from "../token.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./get_token.ts";
import { reportMissing } from "./report_missing.ts";
import { saveIfPossible } from "./save_if_possible.ts";
import { sessionAfter } from "./session_after.ts";

/** What can be had without the user. */
export type Silently = { readonly kind: "token"; readonly result: TokenResult } | UserNeeded;

/** Only the user can go on. */
export interface UserNeeded {
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
 * @throws {CliError} `wrong_account` when it belongs to somebody else than the expected account; what the store and the
 *   refresh throw.
 */
export async function getSilently(
  request: TokenRequest,
  dependencies: TokenDependencies,
  signal: AbortSignal,
): Promise<Silently> {
  const { store, clock, progress } = dependencies;
  const session = request.useStore ? await store.read(request.key) : null;
  if (request.acceptCached || request.acceptRefresh) checkAccount(session, request);
  const cached = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (cached !== null && acceptsCached(request)) {
    progress({ kind: "using-cached-token" });
    return { kind: "token", result: { token: cached, source: "cache", isSaved: true } };
  }
  if (!request.acceptRefresh || session === null) return { kind: "user-needed", session, demand: null };
  return await refreshInTurn(request, dependencies, signal);
}

/** A wait that is longer is worth a word, in milliseconds. */
const PATIENCE_MS = 1000;

async function refreshInTurn(
  request: TokenRequest,
  dependencies: TokenDependencies,
  signal: AbortSignal,
): Promise<Silently> {
  const { store, clock, progress } = dependencies;
  const { profile } = request.key;
  using patience = clock.deadline(PATIENCE_MS);
  patience.signal.addEventListener("abort", () => progress({ kind: "waiting-for-refresh", profile }));
  return await store.exclusively(profile, signal, async () => {
    patience[Symbol.dispose]();
    return await refresh(request, dependencies);
  });
}

/** What a failed refresh says nothing about the user's sign-in with. */
const PASSING: readonly ErrorCode[] = ["network", "invalid_response"];

/** Refreshes, unless another process did while this one waited for its turn. */
async function refresh(request: TokenRequest, dependencies: TokenDependencies): Promise<Silently> {
  const { store, clock, progress } = dependencies;
  const session = await store.read(request.key);
  checkAccount(session, request);
  if (session === null || session.account === null) return { kind: "user-needed", session, demand: null };
  const fresh = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (fresh !== null && acceptsCached(request)) {
    progress({ kind: "using-cached-token" });
    return { kind: "token", result: { token: fresh, source: "cache", isSaved: true } };
  }
  const stillValid = findToken(session, request, clock.now(), 0);
  try {
    const tokens = await dependencies.loadTokenClient();
    progress({ kind: "refreshing", expired: stillValid === null && hasToken(session, request) });
    const isHasty = stillValid !== null && acceptsCached(request);
    const issued = await tokens.refresh(session.msalCache, session.account, { ...request, isHasty });
    const refreshed = sessionAfter(request, issued, session, clock.now());
    const isSaved = await saveIfPossible(() => store.save(refreshed), request, dependencies);
    progress({ kind: "refreshed" });
    reportMissing(request, issued, progress);
    return { kind: "token", result: { token: issued.token, source: "refresh", isSaved } };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "interaction_required") return { kind: "user-needed", session, demand: error };
    if (!PASSING.includes(error.code) || stillValid === null || !acceptsCached(request)) throw error;
    // The last minutes of a token are better than none while something else answers for the authority, or nothing.
    progress({ kind: "refresh-failed", error });
    return { kind: "token", result: { token: stillValid, source: "cache", isSaved: true } };
  }
}

/** A token that was issued before the claims were demanded can't have them. */
function acceptsCached({ acceptCached, claims }: TokenRequest): boolean {
  return acceptCached && claims === undefined;
}

/** Before anything of the session is used: neither a cached token nor a refreshed one may be somebody else's. */
function checkAccount(session: Session | null, { expect, key }: TokenRequest): void {
  if (session !== null) assertExpected(session.account, expect, key);
}

function findToken(
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

function hasToken(session: Session, request: TokenRequest): boolean {
  return session.tokens.some((token) => isFor(token, request));
}

function isFor(token: CachedToken, request: TokenRequest): boolean {
  return coversScopes([...token.scopes, ...token.requestedScopes], request.scopes, request.key.authority);
}
