import { CliError } from "../../errors.ts";
import type { Session } from "../../store/session.ts";
import { signInUser } from "./sign_in.ts";
import { signInOnce } from "./sign_in_once.ts";
import { acquireTokenForApp } from "./acquire_token_for_app.ts";
import { refreshOnce } from "./acquire_token_silent.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";
import { interactionRequired, noTerminalForSignIn } from "./interaction_required.ts";

/**
 * Gets a token that is not in the cache, which has nothing but `session`.
 *
 * @throws {CliError} What `getToken()` throws.
 */
export async function acquireToken(
  request: TokenRequest,
  session: Session | null,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  if (request.key.owner === "application") return await acquireTokenForApp(request, dependencies);
  const silent = await refreshOnce(request, session, dependencies);
  if (silent.kind === "token") return silent.result;
  if (!request.mayPrompt) throw interactionRequired(request, silent.demand);
  if (silent.demand !== null) dependencies.progress({ kind: "sign-in-needed", error: silent.demand });
  try {
    return await (request.useStore ? signInOnce : signInUser)(request, silent, dependencies);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "person_needed") throw error;
    throw noTerminalForSignIn(error, request, silent.demand);
  }
}
