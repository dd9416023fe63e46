import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { nameTaken } from "../../profiles/profile.ts";
import { readPortable, type ReadProfile } from "../../profiles/exchange/read_portable.ts";
import { importProfiles } from "../../flows/profiles/export_import.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { type PassphraseFlags, readPassphrase, withPassphraseFlags } from "../options/passphrase.ts";

/** The flags of `import-profile`, as typed. */
export interface ImportProfileFlags extends PassphraseFlags {
  /** Path to read instead of stdin. */
  readonly file?: string | undefined;
  /** The same, by the flag of the .NET tool. */
  readonly input?: string | undefined;
  /** Name for the profile. */
  readonly name?: string | undefined;
  /** Whether profiles of the same names are overwritten. */
  readonly force?: boolean | undefined;
}

/** Profiles by the thousand. */
const MAX_BYTES = 1_048_576;

/** The `import-profile` command. */
export function importProfileCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Read profiles that export-profile wrote, or those of the .NET tool of the same name.")
    .option("--file <path:string>", "File to read (else stdin).")
    .option("-i, --input <path:string>", "The same as --file.", { hidden: true })
    .option("-n, --name <name:string>", "Another name for the profile, where there is only one.")
    .option("--force", "Overwrite profiles that have the same names.");
  return withPassphraseFlags(command)
    .example("Import profiles", "entra-auth-cli import-profile --file profiles.json")
    .example(
      "From the .NET tool",
      "entra-auth-cli import-profile --file ~/.config/entra-auth-cli/profiles.json",
    )
    .action((flags: ImportProfileFlags) => runImportProfile(flags, context));
}

/**
 * Keeps the profiles of the file, all or none, and names what they leave behind.
 *
 * @throws {CliError} `invalid_profile` for a file that can't be used or opened; `usage` for a name that is taken, or a
 *   file that can't be read; `person_needed`, `store`, `unreadable_store` or `permission`.
 */
export async function runImportProfile(flags: ImportProfileFlags, context: CommandContext): Promise<void> {
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
    terminal.say(`✓ Profile '${profile.name}' imported`);
    for (const note of notes) terminal.say(`Note: ${plainText(note)}`);
    // Who made the file decides where the user signs in, and is sent what the application proves itself with.
    if (profile.authority !== undefined) {
      terminal.say(`Note: it signs in at ${new URL(profile.authority).host}`);
    }
    if (profile.certificate !== undefined) {
      terminal.say(`Note: it wants its certificate at ${plainText(profile.certificate)}`);
    }
  }
}

async function readFile(
  path: string | undefined,
  { passphraseStdin }: ImportProfileFlags,
  context: CommandContext,
): Promise<string> {
  if (path !== undefined && path !== "-") return await context.readTextFile(path, MAX_BYTES);
  if (passphraseStdin === true || context.terminal.stdinIsTerminal) {
    throw new CliError("usage", "Missing --file", { hint: "See: entra-auth-cli import-profile --help" });
  }
  return await context.readInput(MAX_BYTES, context.signal);
}

/** Said with the flag that helps here; that nobody took the name meanwhile is seen to when it is written. */
async function refuseTaken(read: readonly ReadProfile[], { profiles }: CommandContext): Promise<void> {
  for (const { profile } of read) {
    if (await profiles.find(profile.name) === null) continue;
    const others = read.length === 1 ? ", or give it another with --name" : "";
    throw nameTaken(profile.name).withHint(`Overwrite what there is with --force${others}.`);
  }
}
