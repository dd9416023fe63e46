import { Command } from "@cliffy/command";
import { CliError } from "../errors.ts";
import { checkProfileName } from "../profiles/check_profile.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { confirm } from "./ask.ts";

/** The flags of `delete-profile`, as typed. */
export interface DeleteProfileFlags {
  /** Name of the profile. */
  readonly name?: string | undefined;
  /** Whether the question is answered already. */
  readonly yes?: boolean | undefined;
}

/** The `delete-profile` command. */
export function deleteProfileCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Delete a profile and its tokens.")
    .option("-n, --name <name:string>", "Profile name.", { required: true })
    .option("-y, --yes", "Don't ask. Without a terminal nothing is asked anyway.")
    .example("Delete a profile", "entra-auth-cli delete-profile --name myapp")
    .action((flags) => runDeleteProfile(flags, context));
}

/** Deletes the profile once the user agrees. @throws {CliError} `no_profile`, `invalid_profile`, `store`, `unreadable_store` or `permission`. */
export async function runDeleteProfile(flags: DeleteProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles, flows } = context;
  const name = checkProfileName(flags.name ?? "");
  if (await profiles.find(name) === null) {
    throw new CliError("no_profile", `Profile '${name}' does not exist`, {
      hint: "See what there is: entra-auth-cli list-profiles",
    });
  }
  if (
    terminal.stdinIsTerminal && !flags.yes &&
    !await confirm(context, `Delete profile '${name}' and its tokens?`)
  ) {
    terminal.say("Nothing was deleted");
    return;
  }
  // Tokens first: should the second step fail, a profile without tokens is left, not tokens without a profile.
  // A file that can't be read holds those of other profiles too: only clear-cache may move it.
  await flows.forgetTokens(name, { keepUnreadable: true });
  await profiles.remove(name);
  terminal.say(`✓ Profile '${name}' deleted`);
}
