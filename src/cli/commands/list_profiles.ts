import { Command } from "@cliffy/command";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { describeProfiles, formatProfileTable, profileDocument } from "../output/profile_output.ts";
import { documentText, parseDocumentForm } from "../output/document_format.ts";

/** The `list-profiles` command. */
export function listProfilesCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("List the profiles, and who is signed in to each.")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("List the profiles", "entra-auth-cli list-profiles")
    .example("In a script", "entra-auth-cli list-profiles --output json | jq -r '.[].name'")
    .action((flags) => runListProfiles(flags.output, context));
}

/** Prints the profiles. @throws {CliError} `invalid_profile`, `store` or `permission` when `profiles.json` can't be read, `usage` for an unknown form. */
export async function runListProfiles(output: string | undefined, context: CommandContext): Promise<void> {
  const form = parseDocumentForm(output);
  const { terminal, profiles } = context;
  const list = await profiles.list();
  if (form === "text" && list.length === 0) {
    terminal.say("There are no profiles yet. Create one with: entra-auth-cli create-profile --name NAME");
    return;
  }
  const described = await describeProfiles(list, context);
  await terminal.writeData(
    form === "text"
      ? await formatProfileTable(described, terminal.stdoutIsTerminal ? terminal.columns() : null)
      : await documentText(described.map(profileDocument), form),
  );
}
