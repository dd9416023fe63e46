import type { IssuedTokens, SignInOptions, TokenClient } from "../entra/token_client.ts";
import { CliError, type CliErrorOptions, type ErrorCode } from "../errors.ts";
import { coversScopes, missingScopes } from "../scopes.ts";
import { shellWord } from "../shell_word.ts";
import type { CachedToken, Session, SessionKey } from "../store/session.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { Clock } from "../system/clock.ts";
import { isExpired, REFRESH_MARGIN_SECONDS, type Token } from "../token.ts";
import type { Progress } from "./progress.ts";
import { sessionAfter } from "./session_after.ts";

/** Where a token came from. */
export type TokenSource = "cache" | "refresh" | "interactive";

/** Which token is wanted, and what may be done to get it. */
export interface TokenRequest {
  /** Profile, authority, tenant and application. */
  readonly key: SessionKey;
  /** Scopes that the token has to cover. */
  readonly scopes: readonly string[];
  /** Whether a token from the cache will do. */
  readonly acceptCached: boolean;
  /** Whether a silent refresh will do. */
  readonly acceptRefresh: boolean;
  /** Whether the user may be asked. */
  readonly mayAskUser: boolean;
  /** Whether the store is used at all. */
  readonly useStore: boolean;
  /** OpenID Connect `prompt`, where the user chose one. */
  readonly prompt?: string;
  /** User name to fill in, where the user gave one. */
  readonly loginHint?: string;
}

/** A token, and what is worth knowing about how it was come by. */
export interface TokenResult {
  /** The token. */
  readonly token: Token;
  /** Where it came from. */
  readonly source: TokenSource;
  /** Whether it is in the store now. */
  readonly isSaved: boolean;
}

/** What getting a token uses. */
export interface TokenDependencies {
  /** Tells what is expired. */
  readonly clock: Clock;
  /** The tokens of earlier runs. */
  readonly store: TokenStore;
  /** Hears what happens. */
  readonly progress: Progress;
  /** Makes the client that talks to the authority. Loading it takes time, so only where the network is needed. */
  readonly loadTokenClient: () => Promise<TokenClient>;
  /** Signs the user in with the flow that was chosen. */
  readonly signIn: (
    tokens: TokenClient,
    options: SignInOptions,
    signal: AbortSignal,
  ) => Promise<IssuedTokens>;
}

/**
 * Gets an access token in the cheapest way that is allowed: from the cache, by a silent refresh, by asking the user.
 *
 * @throws {CliError} `no_token` when nothing allowed gives one, `person_needed` when only the user could; and what the
 *   store, the refresh and the sign-in throw.
 */
export async function getToken(
  request: TokenRequest,
  dependencies: TokenDependencies,
  signal: AbortSignal,
): Promise<TokenResult> {
  const { store, clock, progress } = dependencies;
  const session = request.useStore ? await store.read(request.key) : null;
  const cached = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (request.acceptCached && cached !== null) {
    progress({ kind: "using-cached-token" });
    return { token: cached, source: "cache", isSaved: true };
  }
  const refreshed = request.acceptRefresh && session !== null
    ? await store.exclusively(request.key.profile, signal, () => refresh(request, dependencies))
    : null;
  if (refreshed?.kind === "token") return refreshed.result;
  if (!request.mayAskUser) throw userNeeded(request, refreshed?.error ?? null);
  return await askUser(request, session, refreshed?.error ?? null, dependencies, signal);
}

/** What a failed refresh says nothing about the user's sign-in with. */
const PASSING: readonly ErrorCode[] = ["network", "invalid_response"];

type Refreshed =
  | { readonly kind: "token"; readonly result: TokenResult }
  /** Only the user can go on; the error says why. */
  | { readonly kind: "user-needed"; readonly error: CliError };

/** Refreshes, unless another process did while this one waited for its turn. */
async function refresh(request: TokenRequest, dependencies: TokenDependencies): Promise<Refreshed | null> {
  const { store, clock, progress } = dependencies;
  const session = await store.read(request.key);
  if (session === null || session.account === null) return null;
  const fresh = findToken(session, request, clock.now(), REFRESH_MARGIN_SECONDS);
  if (request.acceptCached && fresh !== null) {
    progress({ kind: "using-cached-token" });
    return { kind: "token", result: { token: fresh, source: "cache", isSaved: true } };
  }
  const stillValid = findToken(session, request, clock.now(), 0);
  try {
    const tokens = await dependencies.loadTokenClient();
    progress({ kind: "refreshing", expired: stillValid === null && hasToken(session, request) });
    const issued = await tokens.refresh(session.msalCache, session.account, request.scopes);
    const refreshed = sessionAfter(request, issued, session, clock.now());
    const isSaved = await save(() => store.save(refreshed), request, dependencies);
    progress({ kind: "refreshed" });
    reportMissing(request, issued, progress);
    return { kind: "token", result: { token: issued.token, source: "refresh", isSaved } };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "interaction_required") return { kind: "user-needed", error };
    if (!PASSING.includes(error.code) || stillValid === null || !request.acceptCached) throw error;
    // The last minutes of a token are better than none while something else answers for the authority, or nothing.
    progress({ kind: "refresh-failed", error });
    return { kind: "token", result: { token: stillValid, source: "cache", isSaved: true } };
  }
}

async function askUser(
  request: TokenRequest,
  session: Session | null,
  demand: CliError | null,
  dependencies: TokenDependencies,
  signal: AbortSignal,
): Promise<TokenResult> {
  const { store, clock, progress } = dependencies;
  const issued = await dependencies.signIn(
    await dependencies.loadTokenClient(),
    signInOptions(request, session, demand),
    signal,
  );
  progress({ kind: "signed-in" });
  reportMissing(request, issued, progress);
  const signedIn = sessionAfter(request, issued, null, clock.now());
  // In its turn: a refresh that began before this sign-in would put the earlier account in its place.
  const isSaved = await save(
    () => store.exclusively(request.key.profile, signal, () => store.save(signedIn)),
    request,
    dependencies,
  );
  return { token: issued.token, source: "interactive", isSaved };
}

/** A profile that nobody signed in to yet asks which account; afterwards the same one is suggested. */
function signInOptions(
  request: TokenRequest,
  session: Session | null,
  demand: CliError | null,
): SignInOptions {
  const username = session?.account?.username;
  const loginHint = request.loginHint ?? (username === "" ? undefined : username);
  const prompt = request.prompt ?? (loginHint === undefined ? "select_account" : undefined);
  return {
    scopes: request.scopes,
    ...(prompt === undefined ? {} : { prompt }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(demand?.claims === undefined ? {} : { claims: demand.claims }),
  };
}

/** Saves; a token in hand is worth more than a saved one, so a store that fails is reported and no more. */
async function save(
  write: () => Promise<void>,
  request: TokenRequest,
  dependencies: TokenDependencies,
): Promise<boolean> {
  if (!request.useStore) return false;
  try {
    await write();
    return true;
  } catch (error) {
    if (!(error instanceof CliError) || error.code === "interrupted") throw error;
    dependencies.progress({ kind: "not-saved", error });
    return false;
  }
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
  return coversScopes([...token.scopes, ...token.requestedScopes], request.scopes);
}

function reportMissing(request: TokenRequest, { token }: IssuedTokens, progress: Progress): void {
  const wanted = request.scopes.filter((scope) => !scope.toLowerCase().endsWith("/.default"));
  const scopes = missingScopes(token.scopes, wanted);
  if (scopes.length > 0) progress({ kind: "scopes-missing", scopes });
}

function userNeeded({ key, acceptCached, acceptRefresh }: TokenRequest, demand: CliError | null): CliError {
  const wantsRefresh = acceptRefresh && !acceptCached;
  if (!wantsRefresh) {
    return new CliError("person_needed", "Signing in needs a person, and --no-interactive forbids asking", {
      ...referenceOf(demand),
      hint: `${
        demand === null ? "" : `${demand.message}. `
      }Run the same command without --no-interactive where there is a browser.`,
    });
  }
  const hint = `Sign in: entra-auth-cli get-token --profile ${shellWord(key.profile)} --force`;
  return demand === null
    ? new CliError("no_token", `Profile '${key.profile}' has no token to refresh`, { hint })
    : demand.withHint(hint);
}

/** What the support asks for, and what the next sign-in has to carry. */
function referenceOf(demand: CliError | null): CliErrorOptions {
  const { aadsts, correlationId, claims } = demand ?? {};
  return {
    ...(aadsts === undefined ? {} : { aadsts }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(claims === undefined ? {} : { claims }),
  };
}
