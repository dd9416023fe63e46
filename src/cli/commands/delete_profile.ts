import { Command } from "@cliffy/command";
import { deleteProfile } from "../../flows/profiles/change_profile.ts";
import { noSuchProfile } from "../../profiles/profile.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { confirm } from "../terminal/prompt.ts";
import { namedProfile } from "../options/profile_name.ts";

/** The flags of `delete-profile`, as typed. */
export interface DeleteProfileFlags {
  /** Name of the profile. */
  readonly name?: string | undefined;
  /** The same, by its other flag. */
  readonly profile?: string | undefined;
  /** Whether the question is answered already. */
  readonly yes?: boolean | undefined;
}

/** The `delete-profile` command. */
export function deleteProfileCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Delete a profile and its tokens.")
    .option("-n, --name <name:string>", "Profile name.")
    .option("-p, --profile <name:string>", "The same as --name.", { hidden: true })
    .option("-y, --yes", "Don't ask. Without a terminal nothing is asked anyway.")
    .example("Delete a profile", "entra-auth-cli delete-profile --name myapp")
    .example("In a script", "entra-auth-cli delete-profile --name myapp --yes")
    .action((flags) => runDeleteProfile(flags, context));
}

/** Deletes the profile once the user agrees. @throws {CliError} `no_profile`, `invalid_profile`, `store`, `unreadable_store` or `permission`. */
export async function runDeleteProfile(flags: DeleteProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const name = namedProfile(flags, "delete-profile");
  if (await profiles.find(name) === null) throw noSuchProfile(name);
  if (
    terminal.stdinIsTerminal && !flags.yes &&
    !await confirm(context, `Delete profile '${name}' and its tokens?`)
  ) {
    terminal.say("Nothing was deleted");
    return;
  }
  await deleteProfile(name, context);
  terminal.say(`✓ Profile '${name}' deleted`);
}
