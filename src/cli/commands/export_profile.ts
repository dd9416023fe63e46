import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { formatPortable } from "../../profiles/exchange/portable_file.ts";
import { sealText } from "../../profiles/exchange/passphrase_seal.ts";
import { noSuchProfile, type Profile } from "../../profiles/profile.ts";
import { exportProfiles } from "../../flows/profiles/export_import.ts";
import type { AnyCommand } from "../any_command.ts";
import { writeUserFile } from "../user_files.ts";
import type { CommandContext } from "../context.ts";
import { choosePassphrase, type PassphraseFlags, withPassphraseFlags } from "../options/passphrase.ts";

/** The flags of `export-profile`, as typed. */
export interface ExportProfileFlags extends PassphraseFlags {
  /** Names of profiles. */
  readonly name?: readonly string[] | undefined;
  /** The same, by its other flag. */
  readonly profile?: readonly string[] | undefined;
  /** Every profile. */
  readonly all?: boolean | undefined;
  /** Path to write to instead of stdout. */
  readonly file?: string | undefined;
  /** The same, by the flag of the .NET tool. */
  readonly output?: string | undefined;
  /** Whether client secrets and certificate passwords travel too. */
  readonly includeSecrets?: boolean | undefined;
}

/** The `export-profile` command. */
export function exportProfileCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Write profiles to one file, to import elsewhere. Tokens stay here: sign in again there.")
    .option("-n, --name <name:string>", "Profile to export; can be given several times.", { collect: true })
    .option("-p, --profile <name:string>", "The same as --name.", { collect: true, hidden: true })
    .option("--all", "Export every profile.")
    .option("--file <path:string>", "Write to a file (mode 0600) instead of stdout.")
    .option("-o, --output <path:string>", "The same as --file.", { hidden: true })
    .option("--include-secrets", "Client secrets and certificate passwords too, encrypted by a passphrase.");
  return withPassphraseFlags(command)
    .example("Export a profile", "entra-auth-cli export-profile --name myapp --file myapp.json")
    .example("Everything", "entra-auth-cli export-profile --all --include-secrets --file profiles.json")
    .action((flags: ExportProfileFlags) => runExportProfile(flags, context));
}

/**
 * Writes the profiles.
 *
 * @throws {CliError} `no_profile`; `usage` where none is named or the passphrase won't do; `person_needed`; `store`,
 *   `unreadable_store`, `invalid_profile` or `permission`.
 */
export async function runExportProfile(flags: ExportProfileFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const withSecrets = flags.includeSecrets ?? false;
  const packed = await exportProfiles(await chosenProfiles(flags, context), withSecrets, context);
  const plain = formatPortable(packed);
  const text = withSecrets ? await sealText(plain, await choosePassphrase(flags, context)) : plain;
  const file = flags.file ?? flags.output;
  if (file === undefined) await terminal.writeData(text);
  else await writeUserFile(file, text, context);
  const secrets = packed.filter((one) => one.clientSecret ?? one.certificatePassword).length;
  const count = packed.length === 1 ? "1 profile" : `${packed.length} profiles`;
  terminal.say(`✓ ${count} exported${withSecrets ? `, ${secrets} with secrets` : ", without secrets"}`);
}

async function chosenProfiles(flags: ExportProfileFlags, { profiles }: CommandContext): Promise<Profile[]> {
  const names = [...new Set([...flags.name ?? [], ...flags.profile ?? []].map(checkProfileName))];
  if ((flags.all ?? false) === names.length > 0) {
    throw new CliError("usage", "Name the profiles to export with --name, or all of them with --all", {
      hint: "See what there is: entra-auth-cli list-profiles",
    });
  }
  const all = await profiles.list();
  if (names.length === 0) return all;
  return names.map((name) => {
    const profile = all.find((one) => one.name === name);
    if (profile === undefined) throw noSuchProfile(name);
    return profile;
  });
}
