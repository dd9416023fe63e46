import { mergeClaims } from "../../identity/claims.ts";
import type { SignInOptions } from "../../entra/token_client.ts";
import type { CliError } from "../../errors.ts";
import { assertExpected, isExpectedUser } from "../../identity/expected_account.ts";
import { isDefaultScope } from "../../identity/scopes.ts";
import type { Session } from "../../store/session.ts";
import { assertProfileExists } from "./assert_profile_exists.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";
import type { InteractionRequired } from "./acquire_token_silent.ts";
import { warnMissingScopes } from "./warn_missing_scopes.ts";
import { trySave } from "./try_save.ts";
import { updateSession } from "./update_session.ts";

/**
 * Signs the user in, and saves the session, unless the profile was deleted meanwhile.
 *
 * @throws {CliError} `wrong_account` when it is somebody else than the expected account, of whom nothing is kept; what
 *   the sign-in throws.
 */
export async function signInUser(
  request: TokenRequest,
  { session, demand }: InteractionRequired,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  const { store, clock, progress, signal } = dependencies;
  if (request.flow === "interactive" && request.scopes.some(isDefaultScope)) {
    progress({ kind: "default-scope-in-browser" });
  }
  const issued = await dependencies.signIn(
    await dependencies.loadTokenClient(),
    signInOptions(request, session, demand),
    signal,
  );
  assertExpected(issued.token.account, request.expect, request.key, session?.account);
  progress({ kind: "signed-in" });
  warnMissingScopes(request, issued, progress);
  const signedIn = updateSession(request, issued, null, clock.now());
  // In its turn: a refresh that began before this sign-in would put the earlier account in its place.
  const isSaved = await trySave(
    () =>
      store.exclusively(request.key.profile, signal, async () => {
        await assertProfileExists(request, dependencies);
        await store.save(signedIn);
      }),
    request,
    dependencies,
  );
  return { token: issued.token, source: issued.flow ?? request.flow, isSaved };
}

/** A profile that nobody signed in to yet asks which account; afterwards the same one is suggested. */
function signInOptions(
  request: TokenRequest,
  session: Session | null,
  demand: CliError | null,
): SignInOptions {
  const { expect, key } = request;
  const loginHint = request.loginHint ?? request.suggestedUser ?? userToSuggest(session, expect);
  const prompt = request.prompt ?? (loginHint === undefined ? "select_account" : undefined);
  const claims = mergeClaims(request.claims, demand?.claims);
  return {
    scopes: request.scopes,
    accept: (account) => assertExpected(account, expect, key, session?.account),
    ...(prompt === undefined ? {} : { prompt }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(request.domainHint === undefined ? {} : { domainHint: request.domainHint }),
    ...(claims === undefined ? {} : { claims }),
  };
}

/** The user of the profile so far; where another one is expected, that one, if it is known by name. */
function userToSuggest(session: Session | null, expect: TokenRequest["expect"]): string | undefined {
  const account = session?.account ?? null;
  if (account !== null && account.username !== "" && isExpectedUser(account, expect)) return account.username;
  return expect.user?.includes("@") ? expect.user : undefined;
}
