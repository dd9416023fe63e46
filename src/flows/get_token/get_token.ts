import { CliError, type ErrorCode } from "../../errors.ts";
import type { Session } from "../../store/session.ts";
import { isApplicationFlow } from "../../profiles/profile.ts";
import type { Progress } from "../progress.ts";
import { acquireTokenForApp } from "./acquire_token_for_app.ts";
import { findCachedToken, refreshSession } from "./acquire_token_silent.ts";
import { signIn } from "./sign_in.ts";
import type { CacheDependencies, TokenDependencies, TokenRequest, TokenResult } from "./token_request.ts";

export interface GetTokenDependencies extends CacheDependencies {
  /** Opens what a token needs that is not in the cache. Loads the modules for it. */
  readonly openTokenDependencies: (request: TokenRequest, progress: Progress) => Promise<TokenDependencies>;
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
  const opened = await dependencies.openTokenDependencies(request, progress);
  if (due !== null) return await refreshEarly(request, session, due, opened);
  if (isApplicationFlow(request.flow)) {
    return await acquireTokenForApp(request, opened);
  }
  const silent = await refreshSession(request, session, opened);
  if (silent.kind === "token") return silent.result;
  return await signIn(request, silent, opened);
}

/** Refreshes a token before it expires, as its authority wants. Returns the cached one if that fails in any way. */
async function refreshEarly(
  request: TokenRequest,
  session: Session | null,
  due: TokenResult,
  dependencies: TokenDependencies,
): Promise<TokenResult> {
  const { progress } = dependencies;
  try {
    if (isApplicationFlow(request.flow)) {
      const { acquireTokenForApp } = await import("./acquire_token_for_app.ts");
      return await acquireTokenForApp(request, dependencies);
    }
    const silent = await refreshSession(request, session, dependencies);
    if (silent.kind === "token") return silent.result;
    if (silent.demand !== null) progress({ kind: "refresh-failed", error: silent.demand });
  } catch (error) {
    if (!(error instanceof CliError) || FINAL.includes(error.code)) throw error;
    progress({ kind: "refresh-failed", error });
  }
  return due;
}

/** Errors after which no token is wanted. */
const FINAL: readonly ErrorCode[] = ["interrupted", "no_profile"];

/** An application's own tokens are kept apart from those of its users. */
function withOwner(request: TokenRequest): TokenRequest {
  if (!isApplicationFlow(request.flow)) return request;
  return { ...request, key: { ...request.key, owner: "application" } };
}
