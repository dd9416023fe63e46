import { CliError } from "../../errors.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { DEFAULT_FLOW, nameTaken } from "../../profiles/profile.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { commandLine } from "../options/command_options.ts";
import { CREATE_PROFILE_OPTIONS, type CreateProfileFlags } from "../options/profile_options.ts";
import {
  assertFittingScopes,
  profileValues,
  scopesByDefault,
  withFittingAuthority,
} from "../options/profile_values.ts";
import { readProfileSecret, saveSecrets } from "../options/secret_input.ts";
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
  const { terminal, profiles } = context;
  const values = profileValues(flags);
  const given: Partial<PromptedValues> = {
    // A managed identity knows its tenant, and needs a client ID only if it is user-assigned.
    ...(values.flow === "managed-identity" ? { tenantId: "", clientId: "" } : {}),
    ...values,
    ...(flags.name === undefined ? {} : { name: checkProfileName(flags.name) }),
  };
  if (!terminal.stdinIsTerminal) requireIds(given);
  const { authority } = values;
  const { tenantId, clientId, flow = DEFAULT_FLOW } = given;
  // If the IDs are given by flags, the other values get their defaults without a prompt.
  const unasked = tenantId === undefined || clientId === undefined
    ? {}
    : { flow, scopes: scopesByDefault(flow, authority, { tenantId, clientId }) };
  const answers = await promptForProfile(context, {
    given: { ...unasked, ...given },
    byDefault: { flow: DEFAULT_FLOW },
    defaultScopes: (chosen) => scopesByDefault(chosen.flow, chosen.authority, chosen),
    checkScopes: (chosen) => assertFittingScopes({ ...values, ...chosen }),
    async checkName(name) {
      if (await profiles.find(name) !== null) throw nameTaken(name);
    },
  });
  const profile = withFittingAuthority({ ...values, ...answers });
  const secret = await readProfileSecret(flags, profile, context, { isAsked: true, onEnter: "none" });
  await profiles.add(profile);
  await saveSecrets(secret, profile, context);
  terminal.writeMessage(`✓ Profile '${profile.name}' created`);
  terminal.writeMessage(`Sign in with: ${commandLine("get-token", { profile: profile.name })}`);
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
