import { CliError } from "../../errors.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { DEFAULT_FLOW, DEFAULT_PROFILE, nameTaken } from "../../profiles/profile.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { commandLine } from "../options/command_options.ts";
import { CREATE_PROFILE_OPTIONS, type CreateProfileFlags } from "../options/profile_options.ts";
import {
  assertFittingScopes,
  profileValues,
  scopesByDefault,
  warnOfNarrowBuild,
  withFittingAuthority,
} from "../options/profile_values.ts";
import { openNamedCertificate, readProfileSecret, saveSecrets } from "../options/secret_input.ts";
import { confirm } from "../terminal/prompt.ts";
import { type PromptedValues, promptForProfile } from "../terminal/profile_prompts.ts";

export function createProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("Create a profile, and prompt for values without a flag.");
  return addOptions(command, CREATE_PROFILE_OPTIONS)
    .example("Prompt for the values", "entra-auth-cli create-profile --name interactive-app")
    .example(
      "Without prompts",
      "entra-auth-cli create-profile --name myapp --tenant-id TENANT --client-id ID",
    )
    .action((flags: CreateProfileFlags) => runCreateProfile(flags, context));
}

/**
 * Prompts for missing values and saves the profile.
 *
 * @throws {CliError} `usage` for an invalid value or a name that exists, `person_needed` for a missing value without a
 *   terminal to prompt on.
 */
export async function runCreateProfile(flags: CreateProfileFlags, context: CommandContext): Promise<void> {
  const name = await createProfile(flags, context);
  context.terminal.writeMessage(`Sign in with: ${commandLine("get-token", { profile: name })}`);
}

/**
 * Offers to create the profile that a command lacks, on a terminal. Enter means yes only if there is no profile at all: a
 * name that is not among the others may be misspelled.
 *
 * @returns Whether the profile now exists.
 */
export async function offerProfile(
  { name, ...flags }: CreateProfileFlags & { readonly name: string },
  context: CommandContext,
): Promise<boolean> {
  const others = (await context.profiles.list()).map((profile) => profile.name);
  const which = others.length === 0 ? "" : ` (profiles that exist: ${others.join(", ")})`;
  const question = `Profile '${name}' does not exist${which}. Create it now?`;
  if (!await confirm(context, question, others.length === 0)) return false;
  await createProfile({ ...flags, name }, context);
  return true;
}

/** Creates a profile, and returns its name. */
async function createProfile(flags: CreateProfileFlags, context: CommandContext): Promise<string> {
  const { terminal, profiles } = context;
  const values = profileValues(flags);
  const given: Partial<PromptedValues> = {
    // A managed identity knows its tenant, and needs a client ID only if it is user-assigned.
    ...(values.flow === "managed-identity" ? { tenantId: "", clientId: "" } : {}),
    ...values,
    ...(flags.name === undefined ? {} : { name: checkProfileName(flags.name) }),
  };
  if (!terminal.stdinIsTerminal) requireIds(given);
  const certificate = await openNamedCertificate(values.certificate, context);
  const { authority } = values;
  const { tenantId, clientId, flow = DEFAULT_FLOW } = given;
  // If the IDs are given by flags, the other values get their defaults without a prompt.
  const unasked = tenantId === undefined || clientId === undefined
    ? {}
    : { flow, scopes: scopesByDefault(flow, authority, { tenantId, clientId }) };
  const isFree = given.name === undefined && await profiles.find(DEFAULT_PROFILE) === null;
  const answers = await promptForProfile(context, {
    given: { ...unasked, ...given },
    byDefault: { flow: DEFAULT_FLOW, ...isFree ? { name: DEFAULT_PROFILE } : {} },
    defaultScopes: (chosen) => scopesByDefault(chosen.flow, chosen.authority, chosen),
    checkScopes: (chosen) => assertFittingScopes({ ...values, ...chosen }),
    async checkName(name) {
      if (await profiles.find(name) !== null) throw nameTaken(name);
    },
  });
  const profile = withFittingAuthority({ ...values, ...answers });
  const secret = await readProfileSecret(flags, profile, context, {
    isAsked: true,
    onEnter: "none",
    certificate,
  });
  await profiles.add(profile);
  await saveSecrets(secret, profile, context);
  terminal.writeMessage(`✓ Profile '${profile.name}' created`);
  warnOfNarrowBuild(profile, context);
  return profile.name;
}

function requireIds({ name, tenantId, clientId }: Partial<PromptedValues>): void {
  const options = CREATE_PROFILE_OPTIONS;
  const missing = [
    ...name === undefined ? [options.name.flag] : [],
    ...tenantId === undefined ? [options.tenantId.flag] : [],
    ...clientId === undefined ? [options.clientId.flag] : [],
  ];
  if (missing.length === 0) return;
  throw new CliError(
    "person_needed",
    `Missing ${missing.join(", ")}, and there is no terminal to prompt on`,
    {
      hint: commandLine("create-profile", { name: "NAME", tenantId: "TENANT", clientId: "ID" }),
    },
  );
}
