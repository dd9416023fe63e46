import type { CachedToken, Session } from "../store/session.ts";
import type { TokenStore } from "../store/token_store.ts";
import type { Clock } from "../system/clock.ts";
import { isExpired } from "../token.ts";

/** A kept access token, without the token. */
export interface InspectedToken {
  /** What the token belongs to. */
  readonly session: Omit<Session, "tokens" | "msalCache">;
  /** Granted scopes. */
  readonly scopes: readonly string[];
  /** Seconds since 1970. */
  readonly expiresAt: number;
  /** Whether it is over. */
  readonly isExpired: boolean;
  /** The token's own claims, or null where it is opaque: only its audience can count on its form. */
  readonly claims: Readonly<Record<string, unknown>> | null;
}

/** What inspecting uses. */
export interface InspectDependencies {
  /** Tells what is expired. */
  readonly clock: Clock;
  /** The tokens that are kept. */
  readonly store: TokenStore;
  /** The payload of a JWT, or null when the token isn't one. */
  readonly decodeClaims: (token: string) => Readonly<Record<string, unknown>> | null;
}

/** The access tokens kept for `profile`, newest first. @throws {CliError} `store`, `unreadable_store` or `permission`. */
export async function inspectTokens(
  profile: string,
  { clock, store, decodeClaims }: InspectDependencies,
): Promise<InspectedToken[]> {
  const sessions = (await store.list()).filter((session) => session.profile === profile);
  const kept = sessions.flatMap((session) => session.tokens.map((token) => ({ session, token })));
  kept.sort((a, b) => b.token.obtainedAt - a.token.obtainedAt);
  return kept.map(({ session, token }) => describe(session, token));

  function describe(session: Session, token: CachedToken): InspectedToken {
    const { tokens: _tokens, msalCache: _cache, ...rest } = session;
    return {
      session: rest,
      scopes: token.scopes,
      expiresAt: token.expiresAt,
      isExpired: isExpired(token, clock.now()),
      claims: decodeClaims(token.accessToken.reveal()),
    };
  }
}
