import { CliError } from "../../errors.ts";
import { newProfileIdentity, nextGeneration, type ProfileIdentity } from "../../identity/profile_identity.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { Session } from "../../store/session.ts";
import type { TokenStore } from "../../store/token_store.ts";

export interface IdentityDependencies {
  readonly profiles: Pick<ProfileStore, "lookUp" | "identify">;
  readonly store: Pick<TokenStore, "rebind">;
}

/**
 * Returns the identity to save under for the profile `name`. A profile that has none yet gets one, and what the token
 * file has for it is bound to it. If `profiles.json` cannot be written, the profile remains without. The caller holds the
 * lock of the profile.
 *
 * The order makes an interruption harmless: `profiles.json` first says that the binding has begun, so that the profile
 * still accepts what is not bound.
 *
 * @param session A session of the profile, which may be one generation ahead.
 * @throws {CliError} What the store throws.
 */
export async function settleIdentity(
  name: string,
  { profiles, store }: IdentityDependencies,
  session: Session | null = null,
): Promise<ProfileIdentity | null> {
  const { profile, identity } = await profiles.lookUp(name);
  if (profile === null) return null;
  if (identity !== null && identity.generation > 0) {
    const next = nextGeneration(identity);
    const isAhead = session?.identity?.generation === next.generation;
    return isAhead && await tryIdentify(name, next, profiles) ? next : identity;
  }
  const begun = identity ?? { ...newProfileIdentity(), generation: 0 };
  if (identity === null && !await tryIdentify(name, begun, profiles)) return null;
  const settled = nextGeneration(begun);
  await store.rebind(name, null, settled);
  await tryIdentify(name, settled, profiles);
  return settled;
}

/**
 * Makes all earlier tokens of the profile `name` invalid that are not in the store now. The caller holds the lock of the
 * profile.
 *
 * @returns The new identity.
 * @throws {CliError} What the store throws.
 */
export async function startGeneration(
  name: string,
  identity: ProfileIdentity,
  { profiles, store }: IdentityDependencies,
): Promise<ProfileIdentity> {
  const next = nextGeneration(identity);
  await store.rebind(name, identity, next);
  await tryIdentify(name, next, profiles);
  return next;
}

/** Returns whether `profiles.json` could be written. A token is worth more than its binding. */
async function tryIdentify(
  name: string,
  identity: ProfileIdentity,
  profiles: IdentityDependencies["profiles"],
): Promise<boolean> {
  try {
    await profiles.identify(name, identity);
    return true;
  } catch (error) {
    if (!(error instanceof CliError) || !["store", "permission"].includes(error.code)) throw error;
    return false;
  }
}
