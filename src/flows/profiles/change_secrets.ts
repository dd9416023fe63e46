import { type Profile, profileDeletedError } from "../../profiles/profile.ts";
import type { ProfileSecrets } from "../../store/profile_secrets.ts";
import type { Secret } from "../../text/secret.ts";
import type { ProfileDependencies } from "./change_profile.ts";
import { settleIdentity } from "./profile_identity.ts";

/** Secrets to save for a profile. Null forgets one, and undefined keeps it. */
export interface SecretChange {
  readonly clientSecret?: Secret | null | undefined;
  /** The password of the profile's certificate. */
  readonly certificatePassword?: Secret | null | undefined;
}

/**
 * Changes the secrets of a profile's application, which are encrypted as its tokens are. Secrets of a former application
 * or authority are dropped.
 *
 * @returns Whether anything changed.
 * @throws {CliError} `no_profile` if the profile was deleted; `store`, `unreadable_store` or `permission`.
 */
export async function changeSecrets(
  { name, clientId, authority }: Pick<Profile, "name" | "clientId" | "authority">,
  change: SecretChange,
  { profiles, store, signal }: ProfileDependencies,
): Promise<boolean> {
  // Under the profile's lock: another process may save the other secret at the same time, or delete the profile.
  return await store.exclusively(name, signal, async () => {
    if (await profiles.find(name) === null) throw profileDeletedError(name);
    const identity = await settleIdentity(name, { profiles, store });
    const saved = await store.readSecrets(name, identity);
    const present = usableSecrets(saved, { clientId, authority });
    const changed: ProfileSecrets = {
      clientId,
      authority: authority ?? null,
      clientSecret: applied(present?.clientSecret, change.clientSecret),
      certificatePassword: applied(present?.certificatePassword, change.certificatePassword),
    };
    const isEmpty = changed.clientSecret === undefined && changed.certificatePassword === undefined;
    if (isEmpty && saved === null) return false;
    if (present !== null && isSame(present, changed)) return false;
    await store.saveSecrets(name, identity, isEmpty ? null : changed);
    return true;
  });
}

function applied(present: Secret | undefined, change: Secret | null | undefined): Secret | undefined {
  return change === undefined ? present : change ?? undefined;
}

function isSame(one: ProfileSecrets, other: ProfileSecrets): boolean {
  return one.clientSecret?.reveal() === other.clientSecret?.reveal() &&
    one.certificatePassword?.reveal() === other.certificatePassword?.reveal();
}

/**
 * Returns the saved secrets of a profile if they are for this application and this authority, otherwise null. They are
 * never sent for another application, nor to another authority: an imported file may have changed the profile.
 */
export function usableSecrets(
  saved: ProfileSecrets | null,
  { clientId, authority }: Pick<Profile, "clientId"> & { readonly authority?: string | undefined },
): ProfileSecrets | null {
  return saved?.clientId === clientId && saved.authority === (authority ?? null) ? saved : null;
}
