import { Command } from "@cliffy/command";
import { CliError } from "../errors.ts";
import {
  type Authority,
  authorityText,
  checkAuthorityFlags,
  tenantOfHost,
} from "../profiles/check_authority.ts";
import { checkClientId, checkFlow, checkProfileName, checkTenant } from "../profiles/check_profile.ts";
import { DEFAULT_FLOW, type Profile } from "../profiles/profile.ts";
import { nameTaken } from "../profiles/profile_book.ts";
import { defaultScopes } from "../profiles/settings.ts";
import { parseScopes } from "../scopes.ts";
import { shellWord } from "../shell_word.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { ask } from "./ask.ts";

/** The flags of `create-profile`, as typed. */
export interface CreateProfileFlags {
  /** Name of the new profile. */
  readonly name?: string | undefined;
  /** Tenant. */
  readonly tenantId?: string | undefined;
  /** Tenant, by its other flag. */
  readonly tenant?: string | undefined;
  /** Application. */
  readonly clientId?: string | undefined;
  /** How to sign in. */
  readonly flow?: string | undefined;
  /** Scopes, each text with one or more. */
  readonly scope?: readonly string[] | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** Cloud, a name for an authority. */
  readonly cloud?: string | undefined;
}

/** The `create-profile` command. */
export function createProfileCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Create a profile. What isn't given by a flag is asked for.")
    .option("-n, --name <name:string>", "Name of the new profile.")
    .option("--tenant-id <tenant:string>", "Tenant: its ID or domain.")
    .option("--tenant <tenant:string>", "The same as --tenant-id.", { hidden: true })
    .option("--client-id <id:string>", "Application (client) ID of the public client.")
    .option("-f, --flow <flow:string>", "How to sign in: interactive (default).")
    .option("-s, --scope <scopes:string>", "Scopes (default User.Read).", { collect: true })
    .option("--authority <url:string>", "Base URL of the authority, if not the public cloud's.")
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .example("Answer the questions", "entra-auth-cli create-profile --name interactive-app")
    .example(
      "Ask nothing",
      "entra-auth-cli create-profile --name myapp --tenant-id TENANT --client-id ID",
    )
    .action((flags) => runCreateProfile(flags, context));
}

/**
 * Asks for what is missing and saves the profile.
 *
 * @throws {CliError} `usage` for a bad value or a name that is taken, `person_needed` for a missing one where nobody
 *   can be asked.
 */
export async function runCreateProfile(flags: CreateProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const authority = checkAuthorityFlags(flags.cloud, flags.authority);
  const authorityTenant = authority === null ? null : authority.tenant ?? tenantOfHost(authority);
  const given: Given = {
    name: flags.name,
    tenantId: flags.tenantId ?? flags.tenant ?? authorityTenant ?? undefined,
    clientId: flags.clientId,
    flow: flags.flow,
    scopes: flags.scope?.join(" "),
  };
  const complete = terminal.stdinIsTerminal ? given : requireIds(given);
  const answers = await answer(withDefaults(complete, authority), authority, context);
  const profile: Profile = {
    ...answers,
    ...(authority === null ? {} : { authority: authorityText({ ...authority, tenant: answers.tenantId }) }),
  };
  await profiles.add(profile);
  terminal.say(`✓ Profile '${profile.name}' created`);
  terminal.say(`Sign in with: entra-auth-cli get-token --profile ${shellWord(profile.name)}`);
}

/** What the flags say, unchecked. */
type Given = Readonly<Record<"name" | "tenantId" | "clientId" | "flow" | "scopes", string | undefined>>;

/** Whoever gave the ids by flags and left the rest out gets the defaults without being asked. */
function withDefaults(given: Given, authority: Authority | null): Given {
  const { tenantId, clientId } = given;
  if (tenantId === undefined || clientId === undefined) return given;
  const scopes = given.scopes ?? defaultScopes(authority, clientId).join(" ");
  return { ...given, flow: given.flow ?? DEFAULT_FLOW, scopes };
}

/** Checks what is given and asks for the rest, in the order in which people know it. */
async function answer(
  given: Given,
  authority: Authority | null,
  context: CommandContext,
): Promise<Profile> {
  const name = await value(given.name, "Profile Name", checkProfileName);
  if (await context.profiles.find(name) !== null) throw nameTaken(name);
  const tenantId = await value(given.tenantId, "Tenant ID", checkTenant);
  const clientId = await value(given.clientId, "Client ID", checkClientId);
  const scopes = defaultScopes(authority, clientId).join(" ");
  return {
    name,
    tenantId,
    clientId,
    flow: await value(given.flow, "Flow", checkFlow, DEFAULT_FLOW),
    scopes: await value(given.scopes, "Scopes", (text) => parseScopes([text]), scopes),
  };

  async function value<T>(
    text: string | undefined,
    label: string,
    check: (text: string) => T,
    byDefault?: string,
  ): Promise<T> {
    return text === undefined ? await ask(context, label, check, byDefault) : check(text);
  }
}

function requireIds(given: Given): Given {
  const flags = { "--name": given.name, "--tenant-id": given.tenantId, "--client-id": given.clientId };
  const missing = Object.entries(flags).filter(([, text]) => text === undefined).map(([flag]) => flag);
  if (missing.length === 0) return given;
  throw new CliError("person_needed", `Missing ${missing.join(", ")}, and there is no terminal to ask on`, {
    hint: "Give them as flags: entra-auth-cli create-profile --name NAME --tenant-id TENANT --client-id ID",
  });
}
