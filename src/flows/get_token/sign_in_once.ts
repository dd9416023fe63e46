import { CliError, type ErrorCode } from "../../errors.ts";
import { coversScopes } from "../../identity/scopes.ts";
import type { SignInLock, SignInOutcome } from "../../store/sign_in_lock.ts";
import { signInUser } from "./sign_in.ts";
import { assertProfileExists } from "./assert_profile_exists.ts";
import { acquireTokenSilent, type InteractionRequired } from "./acquire_token_silent.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

/**
 * Asks the user when no other process does. What one of them got or was told meanwhile is this one's as well.
 *
 * @throws {CliError} What the wait for the others, the sign-in or another's sign-in ended with.
 */
export async function signInOnce(
  request: TokenRequest,
  needed: InteractionRequired,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  using turn = await acquireLock(request, dependencies);
  if (turn === null) return await signInUser(request, needed, dependencies);
  let latest = needed;
  if (asksAsOthersDo(request)) {
    const { meanwhile } = turn;
    if (meanwhile?.kind === "refused" && concerns(meanwhile, request)) throw meanwhile.error;
    const others = await acquireTokenSilent(afterOthers(request, needed, meanwhile), dependencies);
    if (others.kind === "token") return others.result;
    latest = { ...others, demand: others.demand ?? needed.demand };
  }
  await assertProfileExists(request, dependencies);
  await turn.begin();
  try {
    const result = await signInUser(request, latest, dependencies);
    if (result.isSaved) await turn.publishOutcome({ kind: "signed-in" });
    return result;
  } catch (error) {
    // What claims were refused says nothing about a sign-in that demands none.
    if (isRefusal(error) && asksAsOthersDo(request) && request.claims === undefined) {
      await turn.publishOutcome({ kind: "refused", error, scopes: request.scopes });
    }
    throw error;
  }
}

/** The turn to ask the user; null where the store's folder can't give one, for a token is worth more than its order. */
async function acquireLock(
  { key }: TokenRequest,
  { acquireSignInLock, progress, signal }: TokenDependencies,
): Promise<SignInLock | null> {
  const { profile } = key;
  try {
    return await acquireSignInLock((pid) => progress({ kind: "waiting-for-process", pid, profile }), signal);
  } catch (error) {
    // The sign-in can't be saved there either, of which the user is warned then.
    if (error instanceof CliError && NO_TURNS.includes(error.code)) return null;
    throw error;
  }
}

/** Errors of a folder that takes no locks. */
const NO_TURNS: readonly ErrorCode[] = ["store", "permission"];

/** Errors that say something about the sign-in itself. Any other is the process's own trouble. */
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
  // Where nobody answered, nobody is there for other scopes either.
  return error.code === "timeout" || coversScopes(request.scopes, scopes, request.key.authority);
}

/** Who names an account or a prompt has to be asked just that. */
function asksAsOthersDo({ prompt, loginHint, domainHint }: TokenRequest): boolean {
  return prompt === undefined && loginHint === undefined && domainHint === undefined;
}

/**
 * A sign-in that ended while this process waited is as fresh as its own would be. One that ended just before may have
 * left what a refresh takes, unless a refresh was refused already.
 */
function afterOthers(
  request: TokenRequest,
  needed: InteractionRequired,
  meanwhile: SignInLock["meanwhile"],
): TokenRequest {
  const signedIn = meanwhile?.kind === "signed-in";
  const mayRefresh = request.acceptRefresh && needed.demand === null;
  return {
    ...request,
    acceptCached: request.acceptCached || signedIn,
    acceptRefresh: signedIn || mayRefresh,
  };
}
