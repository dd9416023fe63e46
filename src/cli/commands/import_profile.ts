import { CliError } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { nameTaken } from "../../profiles/profile.ts";
import { type ImportedProfile, readPortable } from "../../profiles/exchange/read_portable.ts";
import { importProfiles } from "../../flows/profiles/export_import.ts";
import type { CommandContext } from "../context.ts";
import { warnOfNarrowBuild } from "../options/profile_values.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { IMPORT_PROFILE_OPTIONS, type ImportProfileFlags } from "../options/profile_options.ts";
import { readPassphrase } from "../options/secret_input.ts";

/** Enough for thousands of profiles. */
const MAX_BYTES = 1_048_576;

export function importProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description("Import profiles that export-profile wrote, or those of the .NET tool of the same name.");
  return addOptions(command, IMPORT_PROFILE_OPTIONS)
    .example("Import profiles", "entra-auth-cli import-profile --file profiles.json")
    .example(
      "Migrate from the .NET tool",
      "entra-auth-cli import-profile --file ~/.config/entra-auth-cli/profiles.json",
    )
    .action((flags: ImportProfileFlags) => runImportProfile(flags, context));
}

/**
 * Saves all profiles of the file, or none, and prints a note for each value that is not imported.
 *
 * @throws {CliError} `invalid_profile` for an invalid file or passphrase; `usage` for a name that exists, or a file that
 *   cannot be read; `person_needed`, `store`, `unreadable_store` or `permission`.
 */
async function runImportProfile(flags: ImportProfileFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const path = flags.file ?? flags.input;
  const newName = flags.name === undefined ? undefined : checkProfileName(flags.name);
  const read = await readPortable(await readFile(path, flags, context), {
    path: path ?? "stdin",
    newName,
    askPassphrase: () => readPassphrase(flags, context),
  });
  const overwrite = flags.force ?? false;
  if (!overwrite) await refuseTaken(read, context);
  await importProfiles(read, overwrite, context);
  for (const { profile, notes } of read) {
    terminal.writeMessage(`✓ Profile '${profile.name}' imported`);
    for (const note of notes) terminal.writeMessage(`Note: ${plainText(note)}`);
    // The author of the file chooses the authority, which receives the credentials.
    if (profile.authority !== undefined) {
      terminal.writeMessage(`Note: it signs in at ${new URL(profile.authority).host}`);
    }
    if (profile.certificate !== undefined) {
      terminal.writeMessage(`Note: it needs its certificate at ${plainText(profile.certificate)}`);
    }
    warnOfNarrowBuild(profile, context);
  }
}

async function readFile(
  path: string | undefined,
  { passphraseStdin }: ImportProfileFlags,
  context: CommandContext,
): Promise<string> {
  if (path !== undefined && path !== "-") return await context.readTextFile(path, MAX_BYTES);
  if (passphraseStdin === true || context.terminal.stdinIsTerminal) {
    throw new CliError("usage", `Missing ${IMPORT_PROFILE_OPTIONS.file.flag}`, {
      hint: "See: entra-auth-cli import-profile --help",
    });
  }
  return await context.readInput(MAX_BYTES, context.signal);
}

/** Refuses existing names early, with the flag for it. The write checks them again, against other processes. */
async function refuseTaken(read: readonly ImportedProfile[], { profiles }: CommandContext): Promise<void> {
  for (const { profile } of read) {
    if (await profiles.find(profile.name) === null) continue;
    const { force, name } = IMPORT_PROFILE_OPTIONS;
    const rename = read.length === 1 ? `, or choose another name with ${name.flag}` : "";
    throw nameTaken(profile.name).withHint(`Overwrite it with ${force.flag}${rename}.`);
  }
}
