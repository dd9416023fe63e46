import type { IssuedTokens } from "../../entra/token_client.ts";
import { canonicalScope } from "../../identity/scopes.ts";
import type { CachedToken, Session, SessionKey } from "../../store/session.ts";
import { isExpired } from "../../identity/token.ts";

/** More scope sets than anyone uses with one profile; the oldest make room. */
const MAX_TOKENS = 20;

/**
 * The session to keep once tokens were issued. A refresh keeps the account's other tokens that still live; a sign-in
 * (`previous` is null) replaces everything.
 *
 * @param nowMs Milliseconds since 1970.
 */
export function updateSession(
  request: { readonly key: SessionKey; readonly scopes: readonly string[] },
  issued: IssuedTokens,
  previous: Session | null,
  nowMs: number,
): Session {
  const token: CachedToken = {
    ...issued.token,
    requestedScopes: request.scopes,
    obtainedAt: Math.floor(nowMs / 1000),
  };
  const { authority } = request.key;
  const others = (previous?.tokens ?? []).filter((other) =>
    !isExpired(other, nowMs) &&
    scopeSet(other.requestedScopes, authority) !== scopeSet(request.scopes, authority)
  );
  return {
    ...request.key,
    account: issued.token.account,
    tokens: [token, ...others].slice(0, MAX_TOKENS),
    msalCache: issued.cache,
  };
}

function scopeSet(scopes: readonly string[], authority: string): string {
  return scopes.map((scope) => canonicalScope(scope, authority)).sort().join(" ");
}
