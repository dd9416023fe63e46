import { Command } from "@cliffy/command";
import { CliError } from "../errors.ts";
import {
  checkAuthority,
  checkClientId,
  checkFlow,
  checkProfileName,
  checkTenant,
} from "../profiles/check_profile.ts";
import type { Profile } from "../profiles/profile.ts";
import { parseScopes } from "../scopes.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { ask } from "./ask.ts";

const DEFAULT_SCOPES = "User.Read";

/** The flags of `create-profile`, as typed. */
export interface CreateProfileFlags {
  /** Name of the new profile. */
  readonly name?: string | undefined;
  /** Tenant. */
  readonly tenantId?: string | undefined;
  /** Tenant, by its short flag. */
  readonly tenant?: string | undefined;
  /** Application. */
  readonly clientId?: string | undefined;
  /** How to sign in. */
  readonly flow?: string | undefined;
  /** Scopes, each text with one or more. */
  readonly scope?: readonly string[] | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
}

/** The `create-profile` command. */
export function createProfileCommand(context: CommandContext): AnyCommand {
  return new Command()
    .description("Create a profile. What isn't given by a flag is asked for.")
    .option("-n, --name <name:string>", "Profile name: the identifier for this configuration.")
    .option("--tenant-id <tenant:string>", "Your Microsoft Entra tenant ID.")
    .option("--tenant <tenant:string>", "The same as --tenant-id.", { hidden: true })
    .option("--client-id <id:string>", "Public client application ID.")
    .option("-f, --flow <flow:string>", "How to sign in: interactive (default).")
    .option("-s, --scope <scopes:string>", "Delegated permissions.", { collect: true })
    .option("--authority <url:string>", "Base URL of the authority, where it isn't the public cloud's.")
    .example("Answer the questions", "entra-auth-cli create-profile --name interactive-app")
    .action((flags) => runCreateProfile(flags, context));
}

/** Asks for what is missing and saves the profile. @throws {CliError} `usage` for a bad value, a name that is taken, or a missing one where nobody can be asked. */
export async function runCreateProfile(flags: CreateProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const mayAsk = terminal.stdinIsTerminal;
  const tenant = flags.tenantId ?? flags.tenant;
  requireFlags({ ...flags, tenantId: tenant }, mayAsk);
  const name = await value(flags.name, "Profile Name", checkProfileName);
  if (await profiles.find(name) !== null) throw nameTaken(name);
  const authority = flags.authority === undefined ? null : checkAuthority(flags.authority);
  const tenantId = await value(tenant ?? authority?.tenant ?? undefined, "Tenant ID", checkTenant);
  const clientId = await value(flags.clientId, "Client ID", checkClientId);
  // Whoever gave the other values by flags and left these out gets the defaults without being asked.
  const asksAll = mayAsk && (tenant === undefined || flags.clientId === undefined);
  const flow = await value(
    flags.flow ?? (asksAll ? undefined : "interactive"),
    "Flow",
    checkFlow,
    "interactive",
  );
  const scopes = await value(
    flags.scope?.join(" ") ?? (asksAll ? undefined : DEFAULT_SCOPES),
    "Scopes",
    (text) => parseScopes([text]),
    DEFAULT_SCOPES,
  );
  const profile: Profile = {
    name,
    tenantId,
    clientId,
    flow,
    scopes,
    ...(authority === null ? {} : { authority: authority.base }),
  };
  await profiles.add(profile);
  terminal.say(`✓ Profile '${name}' created`);
  terminal.say(`Sign in with: entra-auth-cli get-token --profile ${name}`);

  async function value<T>(
    given: string | undefined,
    label: string,
    check: (text: string) => T,
    byDefault?: string,
  ): Promise<T> {
    return given === undefined ? await ask(context, label, check, byDefault) : check(given);
  }
}

function requireFlags(flags: CreateProfileFlags, mayAsk: boolean): void {
  const missing = [
    flags.name === undefined ? ["--name"] : [],
    flags.tenantId === undefined && flags.authority === undefined ? ["--tenant-id"] : [],
    flags.clientId === undefined ? ["--client-id"] : [],
  ].flat();
  if (mayAsk || missing.length === 0) return;
  throw new CliError("person_needed", `Missing ${missing.join(", ")}, and there is no terminal to ask on`, {
    hint: "entra-auth-cli create-profile --name NAME --tenant-id TENANT --client-id ID",
  });
}

function nameTaken(name: string): CliError {
  return new CliError("usage", `Profile '${name}' exists already`, {
    hint: `Choose another name, or delete it first: entra-auth-cli delete-profile --name ${name}`,
  });
}
