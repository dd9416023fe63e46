import { DEFAULT_PROFILE } from "../../profiles/profile.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import type { ProfileStore } from "../../profiles/profile_store.ts";
import type { CommandContext } from "../context.ts";

/** The variable that names the profile to use. */
export const PROFILE_VARIABLE = "ENTRA_AUTH_CLI_PROFILE";

/**
 * Returns the name of the profile to use: the flag, `$ENTRA_AUTH_CLI_PROFILE`, the profile that `use-profile` chose, or
 * `default`.
 *
 * @throws {CliError} `usage` for an invalid profile name, and what reading `profiles.json` throws if nothing else names one.
 */
export async function profileName(
  flag: string | undefined,
  context: Pick<CommandContext, "env"> & { readonly profiles: Pick<ProfileStore, "current"> },
): Promise<string> {
  return namedProfile(flag, context) ??
    checkProfileName(await context.profiles.current() ?? DEFAULT_PROFILE);
}

/** Returns the name that the flag or the variable gives, or null. @throws {CliError} `usage` for an invalid name. */
export function namedProfile(
  flag: string | undefined,
  { env }: Pick<CommandContext, "env">,
): string | null {
  const name = flag ?? env.get(PROFILE_VARIABLE);
  return name === undefined ? null : checkProfileName(name);
}

/** The hint if a profile has no token and does not exist either: its name may be misspelled. */
export const NO_SUCH_PROFILE =
  "entra-auth-cli list-profiles\nThis lists the profiles: the one that you named does not exist either.";
