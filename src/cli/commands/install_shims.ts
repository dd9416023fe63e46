import { CliError } from "../../errors.ts";
import { installShims, removeShims, type ShimChange } from "../../flows/shims.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { pathRules } from "../../system/path.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { INSTALL_SHIMS_OPTIONS, type InstallShimsFlags } from "../options/command_options.ts";

export function installShimsCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Write az and azd, which return this program's tokens to Azure SDKs and Terraform, and docker's helper.\n" +
        "Put the folder first in PATH. Existing files are never replaced.",
    )
    .arguments("<folder:string>");
  return addOptions(command, INSTALL_SHIMS_OPTIONS)
    .example("Install", "entra-auth-cli install-shims ~/.local/share/entra-auth-cli/bin")
    .example("Remove", "entra-auth-cli install-shims --remove ~/.local/share/entra-auth-cli/bin")
    .action((flags: InstallShimsFlags, folder: string) => runInstallShims(folder, flags, context));
}

/** Writes the shims, or removes them. @throws {CliError} `usage`, `store` or `permission`. */
async function runInstallShims(
  folder: string,
  flags: InstallShimsFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal, os } = context;
  const { resolve } = pathRules(os);
  const path = resolve(folder);
  if (flags.remove ?? false) {
    const changes = await removeShims(path, context);
    for (const change of changes) terminal.writeMessage(describe(change));
    if (changes.length === 0) terminal.writeMessage(`${path} has no shims`);
    return;
  }
  const program = flags.program === undefined ? context.executable : resolve(flags.program);
  if (program === null) throw unknownProgram(folder);
  const profile = flags.profile === undefined ? undefined : checkProfileName(flags.profile);
  const changes = await installShims(path, { program, profile }, context);
  for (const change of changes) terminal.writeMessage(describe(change));
  terminal.writeMessage(`Put ${path} first in PATH, and set AZURE_TOKEN_CREDENTIALS=dev for Azure SDKs.`);
}

function describe({ path, kind }: ShimChange): string {
  switch (kind) {
    case "written":
      return `Wrote ${path}`;
    case "removed":
      return `Removed ${path}`;
    case "kept":
      return `Kept ${path}: it is not a shim of this program`;
  }
}

function unknownProgram(folder: string): CliError {
  return new CliError("usage", "This program runs from its source, so the shims cannot call it by a path", {
    hint: `entra-auth-cli install-shims ${shellWord(folder)} ${INSTALL_SHIMS_OPTIONS.program.flag} PATH`,
  });
}
