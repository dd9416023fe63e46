import { acceptsIdentity } from "../../identity/profile_identity.ts";
import { isExpired } from "../../identity/token.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { SessionSummary } from "../../store/session.ts";
import type { KeyPlace, TokenStore } from "../../store/token_store.ts";
import type { Clock } from "../../system/clock.ts";

/** A saved sign-in, without its tokens. */
export interface SavedSignIn {
  readonly session: Omit<SessionSummary, "expiresAt">;
  /** When the last of its access tokens expires, in seconds since 1970; null if it has none. */
  readonly expiresAt: number | null;
  /** Whether all of its access tokens have expired. A silent refresh may still get a new one. */
  readonly isExpired: boolean;
}

export interface StoreStatus {
  readonly key: KeyPlace;
  /** The sign-ins, sorted by profile. */
  readonly signIns: readonly SavedSignIn[];
}

export interface StatusDependencies {
  readonly clock: Clock;
  readonly store: TokenStore;
  readonly profiles: Pick<ProfileStore, "identities">;
}

/** Returns what the store contains, without secrets. @throws {CliError} `store`, `unreadable_store`, `usage` or `permission`. */
export async function storeStatus(
  { clock, store, profiles }: StatusDependencies,
): Promise<StoreStatus> {
  // The tokens first: opening the store for them may migrate the key.
  const sessions = await ofTheirProfiles(await store.summaries(), profiles);
  const signIns = sessions.map((session) => describe(session, clock.now()));
  signIns.sort((a, b) => a.session.profile < b.session.profile ? -1 : 1);
  return { key: await store.keyPlace(), signIns };
}

/** Drops the sessions of other profiles that had the name of an existing one. */
async function ofTheirProfiles(
  sessions: readonly SessionSummary[],
  profiles: Pick<ProfileStore, "identities">,
): Promise<SessionSummary[]> {
  const identities = await profiles.identities();
  return sessions.filter(({ profile, identity }) =>
    !identities.has(profile) || acceptsIdentity(identities.get(profile) ?? null, identity)
  );
}

function describe({ expiresAt, ...session }: SessionSummary, nowMs: number): SavedSignIn {
  return { session, expiresAt, isExpired: expiresAt === null || isExpired({ expiresAt }, nowMs) };
}
