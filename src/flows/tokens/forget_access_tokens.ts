import { coversScopes } from "../../identity/scopes.ts";
import type { Secret } from "../../text/secret.ts";
import type { CachedToken, SessionKey } from "../../store/session.ts";
import type { TokenStore } from "../../store/token_store.ts";

/** Which access tokens: the one that is known, or those that would be given for these scopes. */
export type AccessTokenChoice = { readonly accessToken: Secret } | { readonly scopes: readonly string[] };

/**
 * Forgets access tokens of `profile` that were refused somewhere, so that the next one is a fresh one. The sign-ins stay.
 * Where another process has replaced the token already, nothing is forgotten.
 *
 * @throws {CliError} `store`, `unreadable_store` or `permission`; the reason of `signal`.
 */
export async function forgetAccessTokens(
  profile: string,
  choice: AccessTokenChoice,
  { store, signal }: { readonly store: TokenStore; readonly signal: AbortSignal },
): Promise<void> {
  const isMeant = (token: CachedToken, { authority }: SessionKey) =>
    "accessToken" in choice
      ? token.accessToken.reveal() === choice.accessToken.reveal()
      : coversScopes([...token.scopes, ...token.requestedScopes], choice.scopes, authority);
  // A look first: most often there is nothing to forget, and no turn to wait for.
  const sessions = await store.list();
  if (
    !sessions.some((session) =>
      session.profile === profile && session.tokens.some((token) => isMeant(token, session))
    )
  ) return;
  await store.exclusively(profile, signal, async () => {
    for (const session of await store.list()) {
      const tokens = session.tokens.filter((token) => !isMeant(token, session));
      if (session.profile !== profile || tokens.length === session.tokens.length) continue;
      await store.save({ ...session, tokens });
    }
  });
}
