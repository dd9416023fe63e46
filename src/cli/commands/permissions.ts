import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { grantFlags, type GrantKind, type Grants } from "../permissions/permission_grants.ts";
import { checkAuthority } from "../../profiles/validate_fields.ts";
import { isApplicationFlow, needsCredential, noSuchProfile, type Profile } from "../../profiles/profile.ts";
import { DEFAULT_AUTHORITY } from "../../profiles/settings.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import { documentText, parseDocumentForm } from "../output/document_format.ts";
import {
  COMMANDS_WITH_NEEDS,
  grantsFor,
  type Need,
  needFor,
  needsOf,
} from "../permissions/permission_needs.ts";

import denoJson from "../../../deno.json" with { type: "json" };

/** The flags of `permissions`, as typed. */
export interface PermissionsFlags {
  /** Name of the only profile that is to be used. */
  readonly profile?: string | undefined;
  /** Form to print. */
  readonly output?: string | undefined;
}

/** The `permissions` command. */
export function permissionsCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description(
      "Print the flags of `deno run` that permit what the program, or one command of it, needs here.",
    )
    .arguments("[command:string:command]")
    .complete("command", () => [...COMMANDS_WITH_NEEDS])
    .option("-p, --profile <name:string>", "The only profile to be used (else all that there are).")
    .option("-o, --output <form:string>", "text (default), json or yaml.")
    .example("Run it from its source", 'eval "deno run $(entra-auth-cli permissions) main.ts get-token"')
    .action((flags, command) => runPermissions(flags, command, context));
}

/** Prints the flags. @throws {CliError} `usage` for an unknown command or form, `no_profile`, and what reading the profiles throws. */
export async function runPermissions(
  { profile, output }: PermissionsFlags,
  command: string | undefined,
  context: CommandContext,
): Promise<void> {
  const form = parseDocumentForm(output);
  const grants = await grantsHere(neededBy(command), profile, context);
  // Else each start would name every browser of the list that isn't installed.
  const flags = ["--quiet", "--no-prompt", ...grantFlags(grants)];
  await context.terminal.writeData(
    form === "text"
      ? `${flags.map(flagWord).join(" ")}\n`
      : await documentText({ command: command ?? null, flags, permissions: grants }, form),
  );
  if (command === "exec") {
    context.terminal.say("Note: exec also needs --allow-run for the command that it is to run.");
  }
}

function neededBy(command: string | undefined): readonly Need[] {
  const needs = needsOf(command);
  if (needs !== undefined) return needs;
  throw new CliError("usage", `Unknown command: ${JSON.stringify(command)}`, {
    hint: `Choose one of: ${COMMANDS_WITH_NEEDS.join(", ")}.`,
  });
}

/** The permission set of `deno.json`, as far as it serves `needs`, with the folder, the files and the hosts of this user. */
async function grantsHere(
  needs: readonly Need[],
  profile: string | undefined,
  context: CommandContext,
): Promise<Grants> {
  const set: Grants = denoJson.permissions.default;
  const used = needs.includes("authority") ? await usedProfiles(profile, context) : [];
  const isForPeople = used.length > 0 &&
    !used.some(({ flow }) => isApplicationFlow(flow) || needsCredential(flow));
  const grants: Record<GrantKind, string[]> = grantsFor(
    set,
    needs.filter((need) => !isForPeople || (need !== "application" && need !== "proof")),
    context.os,
  );
  if (needs.includes("folder")) grants.read.push(context.home);
  if (needs.includes("change")) grants.write.push(context.home);
  // The terminal, for what a person must see although stderr is hidden.
  if (needs.includes("question") && context.os === "windows") grants.write.push("CONOUT$");
  if (!needs.includes("authority")) return grants;
  const certificate = context.env.get("ENTRA_AUTH_CLI_CA_CERT");
  if (certificate !== undefined) grants.read.push(certificate);
  if (needs.includes("proof")) grants.read.push(...proofFiles(used, context));
  const hosts = used.map(hostOf);
  if (profile === undefined) return { ...grants, net: [...new Set([...grants.net, ...hosts])] };
  const others = grants.net.filter((host) => needFor("net", host) !== "authority");
  return { ...grants, net: [...hosts, ...others] };
}

/** The one profile that is to be used, or all that there are. */
async function usedProfiles(profile: string | undefined, context: CommandContext): Promise<Profile[]> {
  return profile === undefined ? await context.profiles.list() : [await existing(profile, context)];
}

async function existing(name: string, { profiles }: CommandContext): Promise<Profile> {
  const profile = await profiles.find(name);
  if (profile !== null) return profile;
  throw noSuchProfile(name);
}

/** The files with which the applications of profiles prove themselves: those of the environment, and their certificates. */
function proofFiles(used: readonly Profile[], { env }: CommandContext): string[] {
  const proving = used.filter(({ flow }) => needsCredential(flow));
  // Without a profile the environment says everything.
  const named = used.length > 0 && proving.length === 0
    ? []
    : [env.get("AZURE_CLIENT_CERTIFICATE_PATH"), env.get("AZURE_FEDERATED_TOKEN_FILE")];
  return [...new Set([...named, ...proving.map(({ certificate }) => certificate)])].filter((path) =>
    path !== undefined
  );
}

/** The host that a profile signs in at, with its port. */
function hostOf({ authority }: Profile): string {
  const { hostname, port } = new URL(checkAuthority(authority ?? DEFAULT_AUTHORITY).base);
  return `${hostname}:${port === "" ? "443" : port}`;
}

function flagWord(flag: string): string {
  return /^[\w.:/@=,-]+$/.test(flag) ? flag : shellWord(flag);
}
