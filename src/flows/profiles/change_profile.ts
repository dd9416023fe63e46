import type { Profile } from "../../profiles/profile.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { TokenStore } from "../../store/token_store.ts";

export interface ProfileDependencies {
  readonly profiles: ProfileStore;
  readonly store: TokenStore;
  /** Ends the wait for a refresh of another process, with its reason. */
  readonly signal: AbortSignal;
}

/**
 * Deletes the profile `name` with its tokens and secrets. If either can't be deleted, neither is.
 *
 * @throws {CliError} `store`, `unreadable_store`, `invalid_profile` or `permission`.
 */
export async function deleteProfile(
  name: string,
  { profiles, store, signal }: ProfileDependencies,
): Promise<void> {
  await profiles.assertWritable();
  // Under the profile's lock: a sign-in checks under it whether the profile still exists, before it saves.
  await store.exclusively(name, signal, async () => {
    // Tokens first: if the second step fails after all, a profile without tokens is left, not tokens without a profile.
    await store.drop(name, "everything");
    await profiles.remove(name);
  });
}

/**
 * Replaces `present` by `changed`. A new name keeps the tokens. Tokens of another tenant, application or authority are
 * forgotten, because no request would use them again. If anything fails, nothing changes.
 *
 * @returns How many sign-ins were forgotten.
 * @throws {CliError} `usage` if the new name is taken, `no_profile`, `store`, `unreadable_store`, `invalid_profile` or
 *   `permission`.
 */
export async function changeProfile(
  present: Profile,
  changed: Profile,
  { profiles, store, signal }: ProfileDependencies,
): Promise<number> {
  const isRenamed = changed.name !== present.name;
  const isElsewhere = signsInElsewhere(present, changed);
  if (!isRenamed && !isElsewhere) {
    await profiles.update(present.name, changed);
    return 0;
  }
  return await underLocks([present.name, changed.name], { store, signal }, async () => {
    await profiles.update(present.name, changed);
    try {
      const forgotten = isElsewhere ? await store.drop(present.name, "sessions") : 0;
      if (isRenamed) await store.rename(present.name, changed.name);
      return forgotten;
    } catch (error) {
      await profiles.update(changed.name, present);
      throw error;
    }
  });
}

/** Whether one profile can't use the tokens of the other. */
export function signsInElsewhere(one: Profile, other: Profile): boolean {
  return (["tenantId", "clientId", "authority"] as const).some((field) => one[field] !== other[field]);
}

/** Runs `work` under the locks of all of these profiles, which every process takes in the same order. */
export async function underLocks<T>(
  names: readonly string[],
  { store, signal }: Pick<ProfileDependencies, "store" | "signal">,
  work: () => Promise<T>,
): Promise<T> {
  const [first, ...others] = [...new Set(names)].sort();
  if (first === undefined) return await work();
  return await store.exclusively(first, signal, () => underLocks(others, { store, signal }, work));
}
