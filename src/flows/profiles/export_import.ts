import { CliError } from "../../errors.ts";
import type { PortableProfile } from "../../profiles/exchange/portable_file.ts";
import type { Profile } from "../../profiles/profile.ts";
import type { ProfileSecrets } from "../../store/profile_secrets.ts";
import type { TokenStore } from "../../store/token_store.ts";
import { usableSecrets } from "./change_secrets.ts";
import { type ProfileDependencies, signsInElsewhere, underLocks } from "./change_profile.ts";

/** The profiles as they can travel, with their secrets where those are to. @throws {CliError} `store`, `unreadable_store` or `permission`. */
export async function exportProfiles(
  profiles: readonly Profile[],
  withSecrets: boolean,
  { store }: Pick<ProfileDependencies, "store">,
): Promise<PortableProfile[]> {
  const packed: PortableProfile[] = [];
  for (const profile of profiles) {
    const kept = withSecrets ? await store.readSecrets(profile.name) : null;
    packed.push({ profile, ...secretsOf(kept, profile) });
  }
  return packed;
}

/**
 * Keeps profiles that come from elsewhere, all or none, with their secrets. One that overwrites another drops its tokens
 * where it signs in elsewhere.
 *
 * @throws {CliError} `usage` when one has a name that is taken and must not be overwritten; `store`, `unreadable_store`,
 *   `invalid_profile` or `permission`.
 */
export async function importProfiles(
  packed: readonly PortableProfile[],
  overwrite: boolean,
  { profiles, store, signal }: ProfileDependencies,
): Promise<void> {
  const names = packed.map(({ profile }) => profile.name);
  await underLocks(names, { store, signal }, async () => {
    const before = await Promise.all(names.map((name) => profiles.find(name)));
    const secrets = new Map<string, ProfileSecrets | null>();
    await profiles.addAll(packed.map(({ profile }) => profile), { overwrite });
    try {
      for (const one of packed.filter(hasSecrets)) {
        const { name } = one.profile;
        const former = await store.readSecrets(name);
        await keepSecrets(one, store);
        secrets.set(name, former);
      }
      // Last: tokens can't be brought back.
      for (const [at, { profile }] of packed.entries()) {
        const former = before[at] ?? null;
        if (former !== null && signsInElsewhere(former, profile)) await store.drop(profile.name, "sessions");
      }
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      for (const [name, former] of secrets) await store.saveSecrets(name, former);
      for (const [at, name] of names.entries()) {
        const former = before[at] ?? null;
        await (former === null ? profiles.remove(name) : profiles.update(name, former));
      }
      throw error;
    }
  });
}

/** Those of a former application or authority are of no use to this one. */
function secretsOf(kept: ProfileSecrets | null, profile: Profile): Omit<PortableProfile, "profile"> {
  const usable = usableSecrets(kept, profile);
  if (usable === null) return {};
  const { clientId: _clientId, authority: _authority, ...secrets } = usable;
  return secrets;
}

function hasSecrets({ clientSecret, certificatePassword }: PortableProfile): boolean {
  return clientSecret !== undefined || certificatePassword !== undefined;
}

async function keepSecrets(
  { profile, clientSecret, certificatePassword }: PortableProfile,
  store: TokenStore,
): Promise<void> {
  await store.saveSecrets(profile.name, {
    clientId: profile.clientId,
    authority: profile.authority ?? null,
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(certificatePassword === undefined ? {} : { certificatePassword }),
  });
}
