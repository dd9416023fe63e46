import { CliError } from "../../errors.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import type { Environment } from "../../system/environment.ts";

/**
 * The profile a command works on: the flag, `$ENTRA_AUTH_CLI_PROFILE`, or `default`.
 *
 * @throws {CliError} `usage` for what can't be the name of a profile.
 */
export function profileName(flag: string | undefined, env: Environment): string {
  return checkProfileName(flag ?? env.get("ENTRA_AUTH_CLI_PROFILE") ?? "default");
}

/** The flags that name a profile to look at or to change. */
export interface NameFlags {
  /** `--name`. */
  readonly name?: string | undefined;
  /** `--profile`, as in the commands that use a profile. */
  readonly profile?: string | undefined;
}

/**
 * The profile that the flags of `command` name. Whatever changes a profile wants it named, so that nothing happens to
 * the default one by mistake.
 *
 * @throws {CliError} `usage` for none, for two, or for what can't be the name of a profile.
 */
export function namedProfile({ name, profile }: NameFlags, command: string): string {
  if (name !== undefined && profile !== undefined && name !== profile) {
    throw new CliError("usage", "--name and --profile name different profiles", {
      hint: "Leave one of them out.",
    });
  }
  const typed = name ?? profile;
  if (typed !== undefined) return checkProfileName(typed);
  throw new CliError("usage", "Missing --name", { hint: `See: entra-auth-cli ${command} --help` });
}

/** What to say besides, where a profile lacks something and isn't there itself: its name may be a typing error. */
export const NO_SUCH_PROFILE =
  "There is no such profile either. Those that there are: entra-auth-cli list-profiles";
