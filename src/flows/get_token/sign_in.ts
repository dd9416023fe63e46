import type { IssuedTokens, SignInOptions } from "../../entra/token_client.ts";
import { CliError, type ErrorCode } from "../../errors.ts";
import { mergeClaims } from "../../identity/claims.ts";
import { assertExpected, isExpectedUser } from "../../identity/expected_account.ts";
import { coversScopes, isGraphDefault } from "../../identity/scopes.ts";
import type { Session } from "../../store/session.ts";
import type { SignInLock, SignInOutcome } from "../../store/sign_in_lock.ts";
import {
  acquireTokenSilent,
  forSameProfile,
  type InteractionRequired,
  trySave,
  updateSession,
  warnMissingScopes,
  withIdentity,
} from "./acquire_token_silent.ts";
import { settleIdentity, startGeneration } from "../profiles/profile_identity.ts";
import { interactionRequired, noTerminalForSignIn } from "./interaction_required.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/**
 * Signs the user in. If several processes need the user at once, one of them prompts, and the others wait for its result
 * or its refusal.
 *
 * @throws {CliError} `no_token` or `person_needed` if the user may not or can't be prompted; `wrong_account` if another
 *   account than the expected one signs in, of which nothing is saved; what the sign-in throws.
 */
export async function signIn(
  request: TokenRequest,
  required: InteractionRequired,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  const { demand } = required;
  if (!request.mayPrompt) throw interactionRequired(request, demand);
  if (demand !== null) dependencies.progress({ kind: "sign-in-needed", error: demand });
  try {
    return await (request.useStore ? signInOnce : signInUser)(request, required, dependencies);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "person_needed") throw error;
    throw noTerminalForSignIn(error, request, demand);
  }
}

/** Signs in under the sign-in lock. What another process got or was refused while this one waited counts for this one. */
async function signInOnce(
  requested: TokenRequest,
  required: InteractionRequired,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  using lock = await acquireLock(requested, dependencies);
  if (lock === null) return await signInUser(requested, required, dependencies);
  let latest = required;
  const request = await withSettledIdentity(requested, dependencies);
  if (sharesOutcome(request)) {
    const { lastOutcome } = lock;
    if (lastOutcome?.kind === "refused" && concerns(lastOutcome, request)) throw lastOutcome.error;
    const silent = await acquireTokenSilent(afterOthers(request, required, lastOutcome), dependencies);
    if (silent.kind === "token") return silent.result;
    latest = { ...silent, demand: silent.demand ?? required.demand };
  }
  await lock.begin();
  try {
    const result = await signInUser(request, latest, dependencies);
    if (result.isSaved) await lock.publishOutcome({ kind: "signed-in" });
    return result;
  } catch (error) {
    // A refusal of claims says nothing about a sign-in that demands none.
    if (isRefusal(error) && sharesOutcome(request) && request.claims === undefined) {
      await lock.publishOutcome({ kind: "refused", error, scopes: request.scopes });
    }
    throw error;
  }
}

/**
 * Returns the request with the identity that the profile has, or gets now: once the user signs in, a profile that was
 * recreated could not be distinguished from one without an identity.
 *
 * @throws {CliError} `no_profile` if the profile was deleted or replaced.
 */
async function withSettledIdentity(
  requested: TokenRequest,
  dependencies: TokenDependencies,
): Promise<TokenRequest> {
  const { store, signal } = dependencies;
  const request = await forSameProfile(requested, dependencies);
  const { profile, identity } = request.key;
  if (!request.hasProfile || identity !== null) return request;
  try {
    return await store.exclusively(profile, signal, async () => {
      const same = await forSameProfile(requested, dependencies);
      return withIdentity(same, await settleIdentity(profile, dependencies));
    });
  } catch (error) {
    // The sign-in can't be saved either, which is reported then.
    if (error instanceof CliError && UNSAVABLE.includes(error.code)) return request;
    throw error;
  }
}

/** Acquires the sign-in lock; null if the folder does not support locks: the sign-in then runs without it. */
async function acquireLock(
  { key }: TokenRequest,
  { acquireSignInLock, progress, signal }: TokenDependencies,
): Promise<SignInLock | null> {
  const { profile } = key;
  try {
    return await acquireSignInLock((pid) => progress({ kind: "waiting-for-process", pid, profile }), signal);
  } catch (error) {
    // The sign-in can't be saved there either, which is reported then.
    if (error instanceof CliError && LOCK_FAILURES.includes(error.code)) return null;
    throw error;
  }
}

const LOCK_FAILURES: readonly ErrorCode[] = ["store", "permission"];
const UNSAVABLE: readonly ErrorCode[] = [...LOCK_FAILURES, "unreadable_store"];

/** Errors about the sign-in itself. Any other concerns only the process that got it. */
const REFUSALS: readonly ErrorCode[] = [
  "access_denied",
  "sign_in_failed",
  "interaction_required",
  "invalid_response",
  "timeout",
];

function isRefusal(error: unknown): error is CliError {
  return error instanceof CliError && REFUSALS.includes(error.code);
}

/** Whether this request would have been refused as well. */
function concerns({ error, scopes }: SignInOutcome & { kind: "refused" }, request: TokenRequest): boolean {
  // A user who did not respond is not there for other scopes either.
  return error.code === "timeout" || coversScopes(request.scopes, scopes, request.key.authority);
}

/** A request for a certain account or prompt needs its own sign-in. */
function sharesOutcome({ prompt, loginHint, domainHint }: TokenRequest): boolean {
  return prompt === undefined && loginHint === undefined && domainHint === undefined;
}

/**
 * Accepts the result of a sign-in that ended while this process waited, which is as fresh as its own would be. One that
 * ended just before may allow a refresh, unless a refresh was refused already.
 */
function afterOthers(
  request: TokenRequest,
  required: InteractionRequired,
  lastOutcome: SignInOutcome | null,
): TokenRequest {
  const signedIn = lastOutcome?.kind === "signed-in";
  const mayRefresh = request.acceptRefresh && required.demand === null;
  return {
    ...request,
    acceptCached: request.acceptCached || signedIn,
    acceptRefresh: signedIn || mayRefresh,
  };
}

/** Signs in, and saves the session, unless the profile was deleted or replaced in between. */
async function signInUser(
  request: TokenRequest,
  { session, demand }: InteractionRequired,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  const { store, progress, signal } = dependencies;
  const { authority } = request.key;
  if (request.flow === "interactive" && request.scopes.some((scope) => isGraphDefault(scope, authority))) {
    progress({ kind: "default-scope-in-browser" });
  }
  const issued = await dependencies.signIn(
    await dependencies.loadTokenClient(),
    signInOptions(request, session, demand),
    signal,
  );
  assertExpected(issued.token.account, request.expect, request.key, session?.account);
  progress({ kind: "signed-in" });
  const { account } = issued.token;
  if (account !== null) {
    const last = session?.account ?? null;
    const previous = last?.homeAccountId === account.homeAccountId ? null : last;
    progress({ kind: "signed-in-as", profile: request.key.profile, account, previous });
  }
  warnMissingScopes(request, issued, progress);
  // Under the profile's lock: a refresh that began before this sign-in would put the earlier account in its place.
  const save = () =>
    store.exclusively(request.key.profile, signal, async () => {
      await saveSignIn(await forSameProfile(request, dependencies), issued, dependencies);
    });
  const isSaved = await trySave(save, request, dependencies);
  return { token: issued.token, source: issued.flow ?? request.flow, isSaved, isFirst: session === null };
}

/** Saves the session of a sign-in. Another account than before makes older copies of the token file invalid. */
async function saveSignIn(
  request: TokenRequest,
  issued: IssuedTokens,
  dependencies: TokenDependencies,
): Promise<void> {
  const { store, clock } = dependencies;
  const { profile } = request.key;
  const identity = await settleIdentity(profile, dependencies);
  const { key, ...rest } = withIdentity(request, identity);
  const former = await store.read(key);
  const signedIn = updateSession({ key, ...rest }, issued, former, clock.now());
  const isOther = former?.account !== null &&
    former?.account.homeAccountId !== signedIn.account?.homeAccountId;
  const saved = former !== null && isOther && identity !== null
    ? await startGeneration(profile, identity, dependencies)
    : identity;
  await store.save({ ...signedIn, identity: saved });
}

/** Without an account so far, the user is asked to select one; afterwards the same one is suggested. */
function signInOptions(
  request: TokenRequest,
  session: Session | null,
  demand: CliError | null,
): SignInOptions {
  const { scopes, expect, key, domainHint } = request;
  const loginHint = request.loginHint ?? request.suggestedUser ?? userToSuggest(session, expect);
  return {
    scopes,
    prompt: request.prompt ?? (loginHint === undefined ? "select_account" : undefined),
    loginHint,
    domainHint,
    claims: mergeClaims(request.claims, demand?.claims),
    accept: (account) => assertExpected(account, expect, key, session?.account),
  };
}

/** A name for the sign-in page: neither a display name, nor that of a guest (`ann_fabrikam.com#EXT#@contoso.com`). */
const SIGN_IN_NAME = /^[^\s@#]+@[^\s@#]+$/;

/** Returns the user of the session; if another one is expected, that one, if its name is known. */
function userToSuggest(session: Session | null, expect: TokenRequest["expect"]): string | undefined {
  const account = session?.account ?? null;
  if (account !== null && SIGN_IN_NAME.test(account.username) && isExpectedUser(account, expect)) {
    return account.username;
  }
  return expect.user !== undefined && SIGN_IN_NAME.test(expect.user) ? expect.user : undefined;
}
