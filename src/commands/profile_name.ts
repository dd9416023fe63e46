import { checkProfileName } from "../profiles/check_profile.ts";
import type { Environment } from "../system/environment.ts";

/**
 * The profile a command works on: the flag, `$ENTRA_AUTH_CLI_PROFILE`, or `default`.
 *
 * @throws {CliError} `usage` for what can't be the name of a profile.
 */
export function profileName(flag: string | undefined, env: Environment): string {
  return checkProfileName(flag ?? env.get("ENTRA_AUTH_CLI_PROFILE") ?? "default");
}
