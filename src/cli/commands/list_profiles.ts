import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { commandLine } from "../options/command_options.ts";
import { LIST_PROFILES_OPTIONS, type ListProfilesFlags } from "../options/profile_options.ts";
import { profileName } from "../options/chosen_profile.ts";
import { describeProfiles, formatProfileTable, profileDocument } from "../output/profile_output.ts";
import { formatDocument, parseDocumentFormat } from "../output/document_format.ts";

export function listProfilesCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("List the profiles and their signed-in users.");
  return addOptions(command, LIST_PROFILES_OPTIONS)
    .example("List the profiles", "entra-auth-cli list-profiles")
    .example("In a script", "entra-auth-cli list-profiles --output json | jq -r '.[].name'")
    .action((flags: ListProfilesFlags) => runListProfiles(flags.output, context));
}

/**
 * Prints the profiles.
 *
 * @throws {CliError} `invalid_profile`, `store` or `permission` if `profiles.json` cannot be read, `usage` for an unknown
 *   output format.
 */
export async function runListProfiles(output: string | undefined, context: CommandContext): Promise<void> {
  const format = parseDocumentFormat(output);
  const { terminal, profiles } = context;
  const list = await profiles.list();
  if (format === "text" && list.length === 0) {
    terminal.writeMessage(
      `There are no profiles yet. Create one with: ${commandLine("create-profile", { name: "NAME" })}`,
    );
    return;
  }
  const described = await describeProfiles(list, context);
  const current = await profileName(undefined, context);
  const width = terminal.stdoutIsTerminal ? terminal.columns() : null;
  await terminal.writeData(
    format === "text"
      ? formatProfileTable(described, { width, current, nowMs: context.clock.now() })
      : await formatDocument(described.map((profile) => profileDocument(profile, current)), format),
  );
}
