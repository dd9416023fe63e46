import { deleteProfile } from "../../flows/profiles/change_profile.ts";
import { noSuchProfile } from "../../profiles/profile.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { DELETE_PROFILE_OPTIONS, type DeleteProfileFlags } from "../options/profile_options.ts";
import { namedProfile } from "../options/profile_values.ts";
import { confirm } from "../terminal/prompt.ts";

export function deleteProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("Delete a profile and its tokens.");
  return addOptions(command, DELETE_PROFILE_OPTIONS)
    .example("Delete a profile", "entra-auth-cli delete-profile --name myapp")
    .example("In a script", "entra-auth-cli delete-profile --name myapp --yes")
    .action((flags: DeleteProfileFlags) => runDeleteProfile(flags, context));
}

/**
 * Deletes the profile after confirmation.
 *
 * @throws {CliError} `no_profile`, `invalid_profile`, `store`, `unreadable_store` or `permission`.
 */
export async function runDeleteProfile(flags: DeleteProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const name = namedProfile(flags, "delete-profile");
  if (await profiles.find(name) === null) throw noSuchProfile(name);
  if (
    terminal.stdinIsTerminal && !flags.yes &&
    !await confirm(context, `Delete profile '${name}' and its tokens?`)
  ) {
    terminal.writeMessage("Nothing was deleted");
    return;
  }
  await deleteProfile(name, context);
  terminal.writeMessage(`✓ Profile '${name}' deleted`);
}
