import { CliError } from "../../errors.ts";
import { noSuchProfile } from "../../profiles/profile.ts";
import type { Os } from "../../system/os.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { PERMISSIONS_OPTIONS, type PermissionsFlags } from "../options/command_options.ts";
import { formatDocument, parseDocumentFormat } from "../output/document_format.ts";
import { denoRunPermissions, isCommand } from "../permissions/command_grants.ts";
import { grantFlags } from "../permissions/permission_grants.ts";
import { COMMANDS_WITH_NEEDS } from "../permissions/permission_needs.ts";

export function permissionsCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Print the flags of `deno run` that grant what this program, or one of its commands, needs.",
    )
    .arguments("[command:string:command] [url:string]")
    .complete("command", () => [...COMMANDS_WITH_NEEDS]);
  return addOptions(command, PERMISSIONS_OPTIONS)
    .example("Run from source", 'eval deno run "$(entra-auth-cli permissions)" main.ts get-token')
    .example("Call one API", "entra-auth-cli permissions request https://graph.microsoft.com/v1.0/me")
    .action((flags: PermissionsFlags, command?: string, url?: string) =>
      runPermissions(flags, command, context, url)
    );
}

/**
 * Prints the flags.
 *
 * @param url What `request` calls.
 * @throws {CliError} `usage` for an unknown command or format, and what reading the profiles throws.
 */
export async function runPermissions(
  { profile, output }: PermissionsFlags,
  command: string | undefined,
  context: CommandContext,
  url?: string,
): Promise<void> {
  const format = parseDocumentFormat(output);
  if (command !== undefined && !isCommand(command)) throw unknownCommand(command);
  if (url !== undefined && command !== "request") throw new CliError("usage", "Only request has a URL");
  if (profile !== undefined && await context.profiles.find(profile) === null) throw noSuchProfile(profile);
  const permissions = await denoRunPermissions(command, profile, context, url === undefined ? [] : [url]);
  // Without --quiet each start would warn of every browser in the list that is not installed.
  const flags = ["--quiet", "--no-prompt", ...grantFlags(permissions)];
  await context.terminal.writeData(
    format === "text"
      ? `${flags.map((flag) => flagWord(flag, context.os)).join(" ")}\n`
      : await formatDocument({ command: command ?? null, flags, permissions }, format),
  );
  if (command === "request" && url === undefined) {
    context.terminal.writeMessage("Note: request also needs --allow-net for the host of its URL.");
  }
  if (command === "exec") {
    context.terminal.writeMessage("Note: exec also needs --allow-run for the command that it runs.");
  }
}

function unknownCommand(command: string): CliError {
  return new CliError("usage", `Unknown command: ${JSON.stringify(command)}`, {
    hint: `The commands are: ${COMMANDS_WITH_NEEDS.join(", ")}.`,
  });
}

/** Separates each `##` by two quotes: the shell reads the same word, and a CI log finds no command in it. */
function flagWord(flag: string, os: Os): string {
  if (os === "windows") return windowsWord(flag);
  if (/^[\w.:/@=,-]+$/.test(flag)) return flag;
  const word = shellWord(flag);
  return word.replaceAll(/#(?=#)/g, `#${word[0]}${word[0]}`);
}

/**
 * Returns `flag` as one word for PowerShell and cmd. Both have double quotes. PowerShell splits at a comma, and reads a
 * dollar sign and a backtick within double quotes, which leaves its own single quotes. A backslash before the closing quote
 * would make the quote a part of the word.
 */
function windowsWord(flag: string): string {
  if (/^[\w.:\\/=-]+$/.test(flag)) return flag;
  return /[$`]/.test(flag) ? `'${flag.replaceAll("'", "''")}'` : `"${flag.replace(/\\+$/, "$&$&")}"`;
}
