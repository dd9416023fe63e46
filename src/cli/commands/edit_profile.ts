import { Command } from "@cliffy/command";
import { CliError } from "../../errors.ts";
import { changeProfile, signsInElsewhere } from "../../flows/profiles/change_profile.ts";
import type { SecretChange } from "../../flows/profiles/change_secrets.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { nameTaken, needsCredential, noSuchProfile, type Profile } from "../../profiles/profile.ts";
import { shellWord } from "../../text/shell_word.ts";
import type { AnyCommand } from "../any_command.ts";
import type { CommandContext } from "../context.ts";
import {
  assertFittingScopes,
  type ProfileFlags,
  profileValues,
  withFittingAuthority,
  withProfileFlags,
} from "../options/profile_options.ts";
import { namedProfile, type NameFlags } from "../options/profile_name.ts";
import { askForProfile } from "../terminal/profile_prompts.ts";
import { hasSecretOnStdin, keepSecrets, takeSecret } from "../options/profile_secrets.ts";

/** The flags of `edit-profile`, as typed. */
export interface EditProfileFlags extends ProfileFlags, NameFlags {
  /** New name. */
  readonly rename?: string | undefined;
  /** Values to take away. */
  readonly unset?: readonly string[] | undefined;
}

/** Values that a profile can do without, by the flag that gives them. */
const REMOVABLE: Readonly<Record<string, keyof Profile>> = {
  "authority": "authority",
  "login-hint": "loginHint",
  "expect-user": "expectUser",
  "expect-tenant": "expectTenant",
  "certificate": "certificate",
};

/** What else can be taken away: the secrets that are kept for a profile. */
const FORGETTABLE: Readonly<Record<string, SecretChange>> = {
  "client-secret": { clientSecret: null },
  "certificate-password": { certificatePassword: null },
};

const UNSETTABLE = [...Object.keys(REMOVABLE), ...Object.keys(FORGETTABLE)].join(", ");

/** The `edit-profile` command. */
export function editProfileCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Change a profile. Without flags it asks, and Enter keeps what there is.")
    .option("-n, --name <name:string>", "Profile name.")
    .option("-p, --profile <name:string>", "The same as --name.", { hidden: true })
    .option("--rename <name:string>", "New name. Tokens stay with the profile.");
  return withProfileFlags(command)
    .option("--unset <flag:string>", "Take a value away, as login-hint, or a secret, as client-secret.", {
      collect: true,
    })
    .example("Answer the questions", "entra-auth-cli edit-profile --name myapp")
    .example("Ask nothing", 'entra-auth-cli edit-profile --name myapp --scope "User.Read Mail.Read"')
    .action((flags: EditProfileFlags) => runEditProfile(flags, context));
}

/**
 * Changes the profile: as the flags say or, without any, as the person answers.
 *
 * @throws {CliError} `no_profile`, `usage` for a bad value or a name that is taken, `person_needed` where nothing is said
 *   and nobody can be asked; `store`, `unreadable_store`, `invalid_profile` or `permission`.
 */
export async function runEditProfile(flags: EditProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const name = namedProfile(flags, "edit-profile");
  const present = await profiles.find(name);
  if (present === null) throw noSuchProfile(name);
  const named = byFlags(flags, present) ?? (hasSecretOnStdin(flags) ? present : null);
  const changed = withFittingAuthority(named ?? await byAnswers(present, context));
  assertComplete(changed);
  assertFittingScopes(changed);
  const isAsked = named === null || flags.certificate !== undefined;
  const taken = await takeSecret(flags, changed, context, { isAsked, byEnter: "as before" });
  const isSameProfile = isSame(present, changed);
  const forgotten = isSameProfile ? 0 : await changeProfile(present, changed, context);
  const isKept = await keepSecrets({ ...forgottenSecrets(flags), ...taken }, changed, context);
  if (isSameProfile && !isKept) {
    terminal.say("Nothing was changed");
    return;
  }
  const renamed = changed.name === name ? "" : `, now '${changed.name}'`;
  terminal.say(`✓ Profile '${name}' changed${renamed}`);
  if (forgotten > 0) {
    terminal.say("Its tokens were for the former tenant, application or authority, and are gone.");
  }
  if (!isKept && losesSecret(present, changed)) {
    const flag = changed.certificate === undefined ? "--client-secret-stdin" : "--certificate-password-stdin";
    terminal.say(`A secret that was kept is of no use to it now: give it one with ${flag}.`);
  }
  if (signsInElsewhere(present, changed)) {
    terminal.say(`Sign in with: entra-auth-cli get-token --profile ${shellWord(changed.name)}`);
  }
}

/** The profile as the flags change it; null where they change nothing. */
function byFlags(flags: EditProfileFlags, present: Profile): Profile | null {
  const values = profileValues(flags);
  const unset = flags.unset ?? [];
  if (Object.keys(values).length === 0 && unset.length === 0 && flags.rename === undefined) return null;
  const removed = unset.filter((flag) => !Object.hasOwn(FORGETTABLE, flag)).map(removableField);
  const { tenantId, clientId, flow, scopes, ...optional } = { ...present, ...values };
  const kept = Object.entries(optional).filter(([field]) => !removed.some((name) => name === field));
  const name = flags.rename === undefined ? present.name : checkProfileName(flags.rename);
  return { ...Object.fromEntries(kept), name, tenantId, clientId, flow, scopes };
}

function removableField(flag: string): keyof Profile {
  const field = Object.hasOwn(REMOVABLE, flag) ? REMOVABLE[flag] : undefined;
  if (field !== undefined) return field;
  throw new CliError("usage", `No value to take away: ${JSON.stringify(flag)}`, {
    hint: `Choose one of: ${UNSETTABLE}.`,
  });
}

/** A password goes with the certificate that it opens. */
function forgottenSecrets({ unset = [] }: EditProfileFlags): SecretChange {
  const flags = unset.includes("certificate") ? [...unset, "certificate-password"] : unset;
  return Object.assign({}, ...flags.map((flag) => Object.hasOwn(FORGETTABLE, flag) ? FORGETTABLE[flag] : {}));
}

async function byAnswers(present: Profile, context: CommandContext): Promise<Profile> {
  if (!context.terminal.stdinIsTerminal) {
    throw new CliError("person_needed", "Nothing to change is named, and there is no terminal to ask on", {
      hint: "Name it with flags, as in --rename, --tenant-id, --client-id, --flow, --scope or --unset.",
    });
  }
  const answers = await askForProfile(context, {
    given: present.flow === "managed-identity" ? { tenantId: "", clientId: present.clientId } : {},
    byDefault: present,
    defaultScopes: () => present.scopes,
    checkScopes: (chosen) => assertFittingScopes({ ...present, ...chosen }),
    async checkName(name) {
      if (name !== present.name && await context.profiles.find(name) !== null) throw nameTaken(name);
    },
  });
  return { ...present, ...answers };
}

function isSame(one: Profile, other: Profile): boolean {
  const fields = Object.keys({ ...one, ...other }) as (keyof Profile)[];
  return fields.every((field) => JSON.stringify(one[field]) === JSON.stringify(other[field]));
}

/** Whether a secret that is kept for the one is for another application or authority than the other's. */
function losesSecret(one: Profile, other: Profile): boolean {
  return needsCredential(other.flow) &&
    (one.clientId !== other.clientId || one.authority !== other.authority);
}

/** Only a managed identity has a tenant and an application that nobody names. */
function assertComplete({ flow, tenantId, clientId }: Profile): void {
  if (flow === "managed-identity" || (tenantId !== "" && clientId !== "")) return;
  throw new CliError("usage", `The profile has no ${tenantId === "" ? "tenant" : "client ID"} for ${flow}`, {
    hint: "Name them with --tenant-id TENANT and --client-id ID.",
  });
}
