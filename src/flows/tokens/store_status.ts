import type { Session } from "../../store/session.ts";
import type { KeyPlace, TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";
import { isExpired } from "../../identity/token.ts";

/** A sign-in that is kept, without its tokens. */
export interface KeptSignIn {
  /** What it belongs to. */
  readonly session: Omit<Session, "tokens" | "msalCache">;
  /** When the last of its access tokens ends, in seconds since 1970; null where it has none. */
  readonly expiresAt: number | null;
  /** Whether all of its access tokens are over. A silent refresh may still give a new one. */
  readonly isExpired: boolean;
}

/** What the store holds, and how it is kept. */
export interface StoreStatus {
  /** Where the key of the tokens is. */
  readonly key: KeyPlace;
  /** The sign-ins, by profile. */
  readonly signIns: readonly KeptSignIn[];
}

/** Looks at the store; no secret leaves it. @throws {CliError} `store`, `unreadable_store`, `usage` or `permission`. */
export async function storeStatus(
  { clock, store }: { readonly clock: Clock; readonly store: TokenStore },
): Promise<StoreStatus> {
  // First the tokens: reading them is what may move the key.
  const sessions = await store.list();
  const signIns = sessions.map((session) => describe(session, clock.now()));
  signIns.sort((a, b) => a.session.profile < b.session.profile ? -1 : 1);
  return { key: await store.keyPlace(), signIns };
}

function describe({ tokens, msalCache: _cache, ...session }: Session, nowMs: number): KeptSignIn {
  const expiresAt = tokens.length === 0 ? null : Math.max(...tokens.map((token) => token.expiresAt));
  return { session, expiresAt, isExpired: tokens.every((token) => isExpired(token, nowMs)) };
}
