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

/**
 * Returns the hint if the profile `name` has no token and does not exist either: the name may be misspelled, in the
 * variable if no flag gave it.
 */
export function noSuchProfileHint(
  name: string,
  flag: string | undefined,
  context: Pick<CommandContext, "env">,
): string {
  const source = isNamedByVariable(flag, context) ? ` ${PROFILE_VARIABLE} names it.` : "";
  return `entra-auth-cli list-profiles\nProfile '${name}' does not exist.${source}`;
}

/** Returns whether the variable named the profile, since no flag did. */
export function isNamedByVariable(flag: string | undefined, { env }: Pick<CommandContext, "env">): boolean {
  return flag === undefined && env.get(PROFILE_VARIABLE) !== undefined;
}
