import { CliError } from "../../errors.ts";
import type { PortableProfile } from "../../profiles/exchange/portable_file.ts";
import type { Profile } from "../../profiles/profile.ts";
import { type ProfileDependencies, signsInElsewhere, underLocks } from "./change_profile.ts";
import { usableSecrets } from "./change_secrets.ts";
import { settleIdentity } from "./profile_identity.ts";

/** Returns the profiles to export, with their secrets if those are wanted. @throws {CliError} `store`, `unreadable_store` or `permission`. */
export async function exportProfiles(
  profiles: readonly Profile[],
  withSecrets: boolean,
  { profiles: present, store }: Pick<ProfileDependencies, "profiles" | "store">,
): Promise<PortableProfile[]> {
  const exported: PortableProfile[] = [];
  const found = await present.lookUpAll(profiles.map(({ name }) => name));
  for (const profile of profiles) {
    const { identity = null } = found.get(profile.name) ?? {};
    const saved = withSecrets ? await store.readSecrets(profile.name, identity) : null;
    const usable = usableSecrets(saved, profile);
    const { clientSecret, certificatePassword } = usable ?? {};
    exported.push(usable === null ? { profile } : { profile, clientSecret, certificatePassword });
  }
  return exported;
}

/**
 * Saves imported profiles with their secrets, all or none. A profile that overwrites another drops its tokens if it signs
 * in elsewhere.
 *
 * @throws {CliError} `usage` if a name is taken and must not be overwritten; `store`, `unreadable_store`,
 *   `invalid_profile` or `permission`.
 */
export async function importProfiles(
  imported: readonly PortableProfile[],
  overwrite: boolean,
  { profiles, store, signal }: ProfileDependencies,
): Promise<void> {
  const names = imported.map(({ profile }) => profile.name);
  await underLocks(names, { store, signal }, async () => {
    const found = await profiles.lookUpAll(names);
    const before = names.map((name) => found.get(name)?.profile ?? null);
    const restore: (() => Promise<void>)[] = [];
    await profiles.addAll(imported.map(({ profile }) => profile), { overwrite });
    try {
      for (const { profile, clientSecret, certificatePassword } of imported) {
        if (clientSecret === undefined && certificatePassword === undefined) continue;
        const { name, clientId, authority = null } = profile;
        const identity = await settleIdentity(name, { profiles, store });
        const former = await store.readSecrets(name, identity);
        await store.saveSecrets(name, identity, { clientId, authority, clientSecret, certificatePassword });
        restore.push(() => store.saveSecrets(name, identity, former));
      }
      // Last: dropped tokens can't be restored.
      for (const [at, { profile }] of imported.entries()) {
        const former = before[at] ?? null;
        if (former !== null && signsInElsewhere(former, profile)) await store.drop(profile.name, "sessions");
      }
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      for (const restoreSecrets of restore) await restoreSecrets();
      for (const [at, name] of names.entries()) {
        const former = before[at] ?? null;
        await (former === null ? profiles.remove(name) : profiles.update(name, former));
      }
      throw error;
    }
  });
}
