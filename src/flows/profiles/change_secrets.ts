import type { Profile } from "../../profiles/profile.ts";
import type { Secret } from "../../text/secret.ts";
import type { ProfileSecrets } from "../../store/profile_secrets.ts";
import type { ProfileDependencies } from "./change_profile.ts";
import { profileDeletedError } from "../get_token/assert_profile_exists.ts";

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
  { name, clientId, authority: named }: Pick<Profile, "name" | "clientId" | "authority">,
  change: SecretChange,
  { profiles, store, signal }: ProfileDependencies,
): Promise<boolean> {
  const authority = named ?? null;
  // In the profile's turn: another process may keep the other secret at the same time, or delete the profile.
  return await store.exclusively(name, signal, async () => {
    if (await profiles.find(name) === null) throw profileDeletedError(name);
    const kept = await store.readSecrets(name);
    const present = kept?.clientId === clientId && kept.authority === authority ? kept : {};
    const changed = applied(present, change);
    const isNothing = Object.keys(changed).length === 0;
    if (isNothing && kept === null) return false;
    if (present === kept && isSame(kept, changed)) return false;
    await store.saveSecrets(name, isNothing ? null : { clientId, authority, ...changed });
    return true;
  });
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
