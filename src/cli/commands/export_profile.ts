import { CliError } from "../../errors.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { formatPortable } from "../../profiles/exchange/portable_file.ts";
import { sealText } from "../../profiles/exchange/passphrase_seal.ts";
import { noSuchProfile, type Profile } from "../../profiles/profile.ts";
import { exportProfiles } from "../../flows/profiles/export_import.ts";
import { escapeJson, plainText } from "../../text/plain_text.ts";
import { checkUserFile, writeUserFile } from "../user_files.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { commandLine } from "../options/command_options.ts";
import { EXPORT_PROFILE_OPTIONS, type ExportProfileFlags } from "../options/profile_options.ts";
import { choosePassphrase } from "../options/secret_input.ts";

export function exportProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description("Export profiles to one file, without their tokens, to import on another machine.");
  return addOptions(command, EXPORT_PROFILE_OPTIONS)
    .example("Export a profile", "entra-auth-cli export-profile --name myapp --file myapp.json")
    .example(
      "Export everything",
      "entra-auth-cli export-profile --all --include-secrets --file profiles.json",
    )
    .action((flags: ExportProfileFlags) => runExportProfile(flags, context));
}

/** Matches the beginning of an export, plain or sealed. */
const EXPORT_FILE = /^\{[^]*"format": ?"entra-auth-cli-/;

/**
 * Exports the profiles to a file or stdout.
 *
 * @throws {CliError} `no_profile`; `usage` if no profile is named or the passphrase is invalid; `person_needed`; `store`,
 *   `unreadable_store`, `invalid_profile` or `permission`.
 */
async function runExportProfile(flags: ExportProfileFlags, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const withSecrets = flags.includeSecrets ?? false;
  const file = flags.file ?? flags.output;
  await checkUserFile(file, { what: "exported profiles", pattern: EXPORT_FILE, force: flags.force }, context);
  const packed = await exportProfiles(await chosenProfiles(flags, context), withSecrets, context);
  const plain = escapeJson(formatPortable(packed));
  const text = withSecrets ? await sealText(plain, await choosePassphrase(flags, context)) : plain;
  if (file === undefined) await terminal.writeData(text);
  const where = file !== undefined && await writeUserFile(file, text, context)
    ? ` to ${plainText(file)}`
    : "";
  const secrets = packed.filter((one) => one.clientSecret ?? one.certificatePassword).length;
  const count = packed.length === 1 ? "1 profile" : `${packed.length} profiles`;
  terminal.writeMessage(
    `✓ ${count} exported${where}${withSecrets ? `, ${secrets} with secrets` : ", without secrets"}`,
  );
}

async function chosenProfiles(flags: ExportProfileFlags, { profiles }: CommandContext): Promise<Profile[]> {
  const names = [...new Set([...flags.name ?? [], ...flags.profile ?? []].map(checkProfileName))];
  if ((flags.all ?? false) === names.length > 0) {
    const { name, all } = EXPORT_PROFILE_OPTIONS;
    throw new CliError("usage", `Choose the profiles to export: pass ${name.flag} NAME, or ${all.flag}`, {
      hint: `List all profiles: ${commandLine("list-profiles")}`,
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
