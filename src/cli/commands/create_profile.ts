import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { DEFAULT_FLOW, nameTaken, type Profile } from "../../profiles/profile.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import {
  assertFittingScopes,
  type ProfileFlags,
  profileValues,
  scopesByDefault,
  withFittingAuthority,
  withProfileFlags,
} from "../options/profile_options.ts";
import { askForProfile, type MainValues } from "../terminal/profile_prompts.ts";
import { keepSecrets, takeSecret } from "../options/profile_secrets.ts";

/** The flags of `create-profile`, as typed. */
export interface CreateProfileFlags extends ProfileFlags {
  /** Name of the new profile. */
  readonly name?: string | undefined;
}

/** The `create-profile` command. */
export function createProfileCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Create a profile. What isn't given by a flag is asked for.")
    .option("-n, --name <name:string>", "Name of the new profile.");
  return withProfileFlags(command)
    .example("Answer the questions", "entra-auth-cli create-profile --name interactive-app")
    .example(
      "Ask nothing",
      "entra-auth-cli create-profile --name myapp --tenant-id TENANT --client-id ID",
    )
    .action((flags: CreateProfileFlags) => runCreateProfile(flags, context));
}

/**
 * Asks for what is missing and saves the profile.
 *
 * @throws {CliError} `usage` for a bad value or a name that is taken, `person_needed` for a missing one where nobody
 *   can be asked.
 */
export async function runCreateProfile(flags: CreateProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const values = profileValues(flags);
  const given: Partial<Profile> = {
    // It has its own tenant, and needs a client ID only where it isn't the machine's own.
    ...(values.flow === "managed-identity" ? { tenantId: "", clientId: "" } : {}),
    ...values,
    ...(flags.name === undefined ? {} : { name: checkProfileName(flags.name) }),
  };
  if (!terminal.stdinIsTerminal) requireIds(given);
  const { authority } = values;
  const { tenantId, clientId, flow = DEFAULT_FLOW } = given;
  // Whoever gave the ids by flags and left the rest out gets the defaults without being asked.
  const unasked = tenantId === undefined || clientId === undefined
    ? {}
    : { flow, scopes: scopesByDefault(flow, authority, clientId) };
  const answers = await askForProfile(context, {
    given: { ...unasked, ...given },
    byDefault: { flow: DEFAULT_FLOW },
    defaultScopes: (id, chosen) => scopesByDefault(chosen, authority, id),
    checkScopes: (chosen) => assertFittingScopes({ ...values, ...chosen }),
    async checkName(name) {
      if (await profiles.find(name) !== null) throw nameTaken(name);
    },
  });
  const profile = withFittingAuthority({ ...values, ...answers });
  const secret = await takeSecret(flags, profile, context, { isAsked: true, byEnter: "none" });
  await profiles.add(profile);
  await keepSecrets(secret, profile, context);
  terminal.say(`✓ Profile '${profile.name}' created`);
  terminal.say(`Sign in with: entra-auth-cli get-token --profile ${shellWord(profile.name)}`);
}

function requireIds({ name, tenantId, clientId }: Partial<MainValues>): void {
  const flags = { "--name": name, "--tenant-id": tenantId, "--client-id": clientId };
  const missing = Object.entries(flags).filter(([, text]) => text === undefined).map(([flag]) => flag);
  if (missing.length === 0) return;
  throw new CliError("person_needed", `Missing ${missing.join(", ")}, and there is no terminal to ask on`, {
    hint: "Give them as flags: entra-auth-cli create-profile --name NAME --tenant-id TENANT --client-id ID",
  });
}
