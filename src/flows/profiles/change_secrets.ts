import { type Profile, profileDeletedError } from "../../profiles/profile.ts";
import type { Secret } from "../../text/secret.ts";
import type { ProfileSecrets } from "../../store/profile_secrets.ts";
import type { ProfileDependencies } from "./change_profile.ts";

/** Secrets to keep for a profile; null forgets one, and what is absent stays as it is. */
export interface SecretChange {
  /** The client secret. */
  readonly clientSecret?: Secret | null;
  /** What opens the profile's certificate. */
  readonly certificatePassword?: Secret | null;
}

/**
 * Changes what is kept for a profile's application, encrypted as its tokens are. Secrets of a former application or
 * authority are dropped on the way: they are of no use to this one.
 *
 * @returns Whether anything is another now.
 * @throws {CliError} `no_profile` when it was deleted meanwhile; `store`, `unreadable_store` or `permission`.
 */
export async function changeSecrets(
  { name, clientId, authority }: Pick<Profile, "name" | "clientId" | "authority">,
  change: SecretChange,
  { profiles, store, signal }: ProfileDependencies,
): Promise<boolean> {
  // In the profile's turn: another process may keep the other secret at the same time, or delete the profile.
  return await store.exclusively(name, signal, async () => {
    if (await profiles.find(name) === null) throw profileDeletedError(name);
    const kept = await store.readSecrets(name);
    const present = usableSecrets(kept, { clientId, authority });
    const changed = applied(present ?? {}, change);
    const isNothing = Object.keys(changed).length === 0;
    if (isNothing && kept === null) return false;
    if (present !== null && isSame(present, changed)) return false;
    await store.saveSecrets(name, isNothing ? null : { clientId, authority: authority ?? null, ...changed });
    return true;
  });
}

/**
 * Returns the secrets that were saved for a profile if they are for this application and this authority, otherwise null.
 * They are never sent for another application, nor to another authority: an imported file may have named that.
 */
export function usableSecrets(
  saved: ProfileSecrets | null,
  { clientId, authority }: Pick<Profile, "clientId"> & { readonly authority?: string | undefined },
): ProfileSecrets | null {
  return saved?.clientId === clientId && saved.authority === (authority ?? null) ? saved : null;
}

type Secrets = Pick<ProfileSecrets, "clientSecret" | "certificatePassword">;

function applied({ clientSecret, certificatePassword }: Secrets, change: SecretChange): Secrets {
  const wanted = { clientSecret, certificatePassword, ...change };
  return {
    ...(wanted.clientSecret ? { clientSecret: wanted.clientSecret } : {}),
    ...(wanted.certificatePassword ? { certificatePassword: wanted.certificatePassword } : {}),
  };
}

function isSame(one: Secrets, other: Secrets): boolean {
  return one.clientSecret?.reveal() === other.clientSecret?.reveal() &&
    one.certificatePassword?.reveal() === other.certificatePassword?.reveal();
}
