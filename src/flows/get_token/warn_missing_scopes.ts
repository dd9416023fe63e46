import type { IssuedTokens } from "../../entra/token_client.ts";
import { isDefaultScope, missingScopes } from "../../identity/scopes.ts";
import type { TokenRequest } from "./token_request.ts";
import type { Progress } from "../progress.ts";

/** Says which scopes were asked for and not granted; `.default` is whatever there is. */
export function warnMissingScopes(request: TokenRequest, { token }: IssuedTokens, progress: Progress): void {
  const wanted = request.scopes.filter((scope) => !isDefaultScope(scope));
  const scopes = missingScopes(token.scopes, wanted, request.key.authority);
  if (scopes.length > 0) progress({ kind: "scopes-missing", scopes });
}
