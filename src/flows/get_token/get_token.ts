import { isApplicationFlow } from "../../profiles/profile.ts";
import type { Progress } from "../progress.ts";
import { findCachedToken } from "./cached_token.ts";
import type { CacheDependencies, OpenTokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

export interface GetTokenDependencies extends CacheDependencies {
  /** Loads what a token needs that is not in the cache. */
  readonly loadTokenDependencies: (progress: Progress) => Promise<OpenTokenDependencies>;
}

/**
 * Gets an access token in the cheapest way that is allowed: from the cache, by a silent refresh, or by a sign-in. A token
 * of an application itself needs no user, so it comes from the cache or from the authority, whatever else is allowed.
 *
 * @throws {CliError} `no_token` if nothing allowed gives a token, `person_needed` if only a sign-in could,
 *   `wrong_account` if the token belongs to another account than the expected one; and what the store, the refresh, the
 *   wait for another process and the sign-in throw.
 */
export async function getToken(
  requested: TokenRequest,
  dependencies: GetTokenDependencies,
  progress: Progress,
): Promise<TokenResult> {
  const request = withOwner(requested);
  const { session, cached, due } = await findCachedToken(request, dependencies, progress);
  if (cached !== null) return cached;
  const openTokenDependencies = await dependencies.loadTokenDependencies(progress);
  const opened = openTokenDependencies(request);
  // Imported late: a cached token needs neither.
  const { acquireTokenForApp, refreshEarly, refreshSession } = await import("./acquire_token_silent.ts");
  if (due !== null) return await refreshEarly(request, session, due, opened);
  if (isApplicationFlow(request.flow)) return await acquireTokenForApp(request, opened);
  const silent = await refreshSession(request, session, opened);
  if (silent.kind === "token") return silent.result;
  const { signIn } = await import("./sign_in.ts");
  return await signIn(request, silent, opened);
}

/** An application's own tokens are kept apart from those of its users. */
function withOwner(request: TokenRequest): TokenRequest {
  if (!isApplicationFlow(request.flow)) return request;
  return { ...request, key: { ...request.key, owner: "application" } };
}
