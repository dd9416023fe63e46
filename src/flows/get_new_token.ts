import { CliError } from "../errors.ts";
import type { Session } from "../store/session.ts";
import { askUser } from "./ask_user.ts";
import { askUserInTurn } from "./ask_user_in_turn.ts";
import { getForApplication } from "./get_for_application.ts";
import { refreshInTurn } from "./get_silently.ts";
import type { TokenDependencies, TokenRequest, TokenResult } from "./get_token.ts";
import { nobodyAsked, userNeeded } from "./user_needed.ts";

/**
 * Gets a token that is not in the cache, which has nothing but `session`.
 *
 * @throws {CliError} What `getToken()` throws.
 */
export async function getNewToken(
  request: TokenRequest,
  session: Session | null,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  if (request.key.owner === "application") return await getForApplication(request, dependencies);
  const silent = await refreshInTurn(request, session, dependencies);
  if (silent.kind === "token") return silent.result;
  if (!request.mayAskUser) throw userNeeded(request, silent.demand);
  if (silent.demand !== null) dependencies.progress({ kind: "sign-in-needed", error: silent.demand });
  try {
    return await (request.useStore ? askUserInTurn : askUser)(request, silent, dependencies);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "person_needed") throw error;
    throw nobodyAsked(error, request, silent.demand);
  }
}
