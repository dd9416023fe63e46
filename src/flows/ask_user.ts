import { mergeClaims } from "../claims.ts";
import type { SignInOptions } from "../entra/token_client.ts";
import type { CliError } from "../errors.ts";
import type { Session } from "../store/session.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./get_token.ts";
import type { UserNeeded } from "./get_silently.ts";
import { reportMissing } from "./report_missing.ts";
import { saveIfPossible } from "./save_if_possible.ts";
import { sessionAfter } from "./session_after.ts";

/** Signs the user in, and saves the session. @throws {CliError} What the sign-in throws. */
export async function askUser(
  request: TokenRequest,
  { session, demand }: UserNeeded,
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
  const isSaved = await saveIfPossible(
    () => store.exclusively(request.key.profile, signal, () => store.save(signedIn)),
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
  const username = session?.account?.username;
  const loginHint = request.loginHint ?? (username === "" ? undefined : username);
  const prompt = request.prompt ?? (loginHint === undefined ? "select_account" : undefined);
  const claims = mergeClaims(request.claims, demand?.claims);
  return {
    scopes: request.scopes,
    ...(prompt === undefined ? {} : { prompt }),
    ...(loginHint === undefined ? {} : { loginHint }),
    ...(request.domainHint === undefined ? {} : { domainHint: request.domainHint }),
    ...(claims === undefined ? {} : { claims }),
  };
}
