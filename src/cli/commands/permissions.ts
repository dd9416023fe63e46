import { CliError } from "../../errors.ts";
import { grantFlags, type GrantKind, type Grants } from "../permissions/permission_grants.ts";
import { checkAuthority } from "../../profiles/validate_fields.ts";
import { isApplicationFlow, needsCredential, noSuchProfile, type Profile } from "../../profiles/profile.ts";
import { DEFAULT_AUTHORITY } from "../../profiles/settings.ts";
import type { Os } from "../../system/os.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { PERMISSIONS_OPTIONS, type PermissionsFlags } from "../options/command_options.ts";
import { formatDocument, parseDocumentFormat } from "../output/document_format.ts";
import {
  COMMANDS_WITH_NEEDS,
  grantsFor,
  type Need,
  needFor,
  needsOf,
} from "../permissions/permission_needs.ts";

import denoJson from "../../../deno.json" with { type: "json" };

export function permissionsCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command
    .description(
      "Print the flags of `deno run` that grant what this program, or one of its commands, needs.",
    )
    .arguments("[command:string:command]")
    .complete("command", () => [...COMMANDS_WITH_NEEDS]);
  return addOptions(command, PERMISSIONS_OPTIONS)
    .example("Run from source", 'eval deno run "$(entra-auth-cli permissions)" main.ts get-token')
    .action((flags: PermissionsFlags, command?: string) => runPermissions(flags, command, context));
}

/** Prints the flags. @throws {CliError} `usage` for an unknown command or format, and what reading the profiles throws. */
export async function runPermissions(
  { profile, output }: PermissionsFlags,
  command: string | undefined,
  context: CommandContext,
): Promise<void> {
  const format = parseDocumentFormat(output);
  const grants = await grantsHere(neededBy(command), profile, context);
  // Without --quiet each start would warn of every browser in the list that is not installed.
  const flags = ["--quiet", "--no-prompt", ...grantFlags(grants)];
  await context.terminal.writeData(
    format === "text"
      ? `${flags.map((flag) => flagWord(flag, context.os)).join(" ")}\n`
      : await formatDocument({ command: command ?? null, flags, permissions: grants }, format),
  );
  if (command === "exec") {
    context.terminal.writeMessage("Note: exec also needs --allow-run for the command that it runs.");
  }
}

function neededBy(command: string | undefined): readonly Need[] {
  const needs = needsOf(command);
  if (needs !== undefined) return needs;
  throw new CliError("usage", `Unknown command: ${JSON.stringify(command)}`, {
    hint: `The commands are: ${COMMANDS_WITH_NEEDS.join(", ")}.`,
  });
}

/** Returns the part of the permission set in `deno.json` for `needs`, with the folder, files and hosts of this user. */
async function grantsHere(
  needs: readonly Need[],
  profile: string | undefined,
  context: CommandContext,
): Promise<Grants> {
  const set: Grants = denoJson.permissions.default;
  const used = needs.includes("authority") ? await usedProfiles(profile, context) : [];
  const isForUsers = used.length > 0 &&
    !used.some(({ flow }) => isApplicationFlow(flow) || needsCredential(flow));
  const grants: Record<GrantKind, string[]> = grantsFor(
    set,
    needs.filter((need) => !isForUsers || (need !== "credentials" && need !== "credential-files")),
    context.os,
  );
  if (needs.includes("home")) grants.read.push(context.home);
  if (needs.includes("write-home")) grants.write.push(context.home);
  // The terminal, for messages that the user must see even if stderr is redirected.
  if (needs.includes("controlling-terminal") && context.os === "windows") grants.write.push("CONOUT$");
  if (!needs.includes("authority")) return grants;
  const certificate = context.env.get("ENTRA_AUTH_CLI_CA_CERT");
  if (certificate !== undefined) grants.read.push(certificate);
  if (needs.includes("credential-files")) grants.read.push(...credentialFiles(used, context));
  const hosts = used.map(hostOf);
  if (profile === undefined) return { ...grants, net: [...new Set([...grants.net, ...hosts])] };
  const others = grants.net.filter((host) => needFor("net", host) !== "authority");
  return { ...grants, net: [...hosts, ...others] };
}

/** Returns the one profile to be used, or all profiles. */
async function usedProfiles(profile: string | undefined, context: CommandContext): Promise<Profile[]> {
  return profile === undefined ? await context.profiles.list() : [await existing(profile, context)];
}

async function existing(name: string, { profiles }: CommandContext): Promise<Profile> {
  const profile = await profiles.find(name);
  if (profile !== null) return profile;
  throw noSuchProfile(name);
}

/** Returns the credential files of the applications: those in the environment, and the certificates of the profiles. */
function credentialFiles(used: readonly Profile[], { env }: CommandContext): string[] {
  const applications = used.filter(({ flow }) => needsCredential(flow));
  // Without a profile every setting is from the environment.
  const named = used.length > 0 && applications.length === 0
    ? []
    : [env.get("AZURE_CLIENT_CERTIFICATE_PATH"), env.get("AZURE_FEDERATED_TOKEN_FILE")];
  return [...new Set([...named, ...applications.map(({ certificate }) => certificate)])].filter((path) =>
    path !== undefined
  );
}

/** Returns the host and port of the profile's authority. */
function hostOf({ authority }: Profile): string {
  const { hostname, port } = new URL(checkAuthority(authority ?? DEFAULT_AUTHORITY).base);
  return `${hostname}:${port === "" ? "443" : port}`;
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
