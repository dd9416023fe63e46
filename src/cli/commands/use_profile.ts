import { plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { PROFILE_VARIABLE } from "../options/chosen_profile.ts";
import { type NameFlags, USE_PROFILE_OPTIONS } from "../options/profile_options.ts";
import { namedProfile } from "../options/profile_values.ts";

export function useProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("Choose the profile that commands use if none is named.");
  return addOptions(command, USE_PROFILE_OPTIONS)
    .example("Switch to another profile", "entra-auth-cli use-profile work")
    .action((flags: NameFlags) => runUseProfile(flags, context));
}

/**
 * Chooses the profile, and warns if a variable names another one.
 *
 * @throws {CliError} `usage`, `no_profile`, `invalid_profile`, `store` or `permission`.
 */
async function runUseProfile(flags: NameFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles, env } = context;
  const name = namedProfile(flags, "use-profile");
  await profiles.choose(name);
  terminal.writeMessage(`✓ Commands now use profile '${name}'`);
  const variable = env.get(PROFILE_VARIABLE);
  if (variable !== undefined && variable !== name) {
    terminal.writeMessage(
      `warning: ${PROFILE_VARIABLE} is set and still selects profile '${plainText(variable)}'`,
    );
  }
}
