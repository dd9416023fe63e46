import { checkProfileName } from "../../profiles/validate_fields.ts";
import type { Environment } from "../../system/environment.ts";

/**
 * Returns the name of the profile to use: the flag, `$ENTRA_AUTH_CLI_PROFILE`, or `default`.
 *
 * @throws {CliError} `usage` for an invalid profile name.
 */
export function profileName(flag: string | undefined, env: Environment): string {
  return checkProfileName(flag ?? env.get("ENTRA_AUTH_CLI_PROFILE") ?? "default");
}

/** The hint if a profile has no token and does not exist either: its name may be misspelled. */
export const NO_SUCH_PROFILE =
  "entra-auth-cli list-profiles\nThis lists the profiles: the one that you named does not exist either.";
