import { CliError } from "../../errors.ts";
import { changeProfile, signsInElsewhere } from "../../flows/profiles/change_profile.ts";
import type { SecretChange } from "../../flows/profiles/change_secrets.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import { needsCredential, noSuchProfile, type Profile } from "../../profiles/profile.ts";
import { plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { addOptions, type AnyCommand } from "../options/add_options.ts";
import { commandLine } from "../options/command_options.ts";
import {
  EDIT_PROFILE_OPTIONS,
  type EditProfileFlags,
  type ProfileFlags,
} from "../options/profile_options.ts";
import {
  assertFittingScopes,
  namedProfile,
  profileValues,
  warnOfNarrowBuild,
  withFittingAuthority,
} from "../options/profile_values.ts";
import {
  hasSecretOnStdin,
  openNamedCertificate,
  openPresentCertificate,
  readProfileSecret,
  saveSecrets,
} from "../options/secret_input.ts";
import { promptForProfile } from "../terminal/profile_prompts.ts";

/** Values that a profile does not need. */
const REMOVABLE: readonly (keyof Profile & keyof ProfileFlags)[] = [
  "authority",
  "loginHint",
  "expectUser",
  "expectTenant",
  "certificate",
];

/** Secrets that can be saved for a profile, by the flags that read them. */
const SECRETS: Readonly<{ [Key in keyof ProfileFlags]?: SecretChange }> = {
  clientSecretStdin: { clientSecret: null },
  certificatePasswordStdin: { certificatePassword: null },
};

/** Returns the name by which `--unset` removes the value of a flag: `login-hint`, `client-secret`. */
function unsetName(key: keyof ProfileFlags): string {
  return EDIT_PROFILE_OPTIONS[key].flag.replace(/^--/, "").replace(/-stdin$/, "");
}

const REMOVABLE_FIELDS = new Map(REMOVABLE.map((field) => [unsetName(field), field]));
const DELETED_SECRETS = new Map(
  Object.entries(SECRETS).map(([key, change]) => [unsetName(key as keyof typeof SECRETS), change]),
);
const CERTIFICATE = unsetName("certificate");
const CERTIFICATE_PASSWORD = unsetName("certificatePasswordStdin");

export function editProfileCommand(command: AnyCommand, context: CommandContext): AnyCommand {
  command.description("Change a profile. Without flags, prompt for each value.");
  return addOptions(command, EDIT_PROFILE_OPTIONS)
    .example("Prompt for the values", "entra-auth-cli edit-profile --name myapp")
    .example("Without prompts", 'entra-auth-cli edit-profile --name myapp --scope "User.Read Mail.Read"')
    .action((flags: EditProfileFlags) => runEditProfile(flags, context));
}

/**
 * Changes the profile by the flags or, without any, by the answers to prompts.
 *
 * @throws {CliError} `no_profile`, `usage` for an invalid value or a name that exists, `person_needed` without flags and
 *   without a terminal to prompt on; `store`, `unreadable_store`, `invalid_profile` or `permission`.
 */
async function runEditProfile(flags: EditProfileFlags, context: CommandContext): Promise<void> {
  const { terminal, profiles } = context;
  const name = namedProfile(flags, "edit-profile");
  const present = await profiles.find(name);
  if (present === null) throw noSuchProfile(name);
  const named = byFlags(flags, present) ?? (hasSecretOnStdin(flags) ? present : null);
  const newCertificate = flags.certificate === undefined ? undefined : named?.certificate;
  const opened = await openNamedCertificate(newCertificate, context);
  const changed = withFittingAuthority(named ?? await byAnswers(present, context));
  const isAsked = named === null || newCertificate !== undefined;
  const certificate = named === null ? await openPresentCertificate(changed.certificate, context) : opened;
  assertComplete(changed);
  assertFittingScopes(changed);
  const taken = await readProfileSecret(flags, changed, context, {
    isAsked,
    onEnter: "unchanged",
    certificate,
  });
  const isSameProfile = isSame(present, changed);
  const forgotten = isSameProfile ? 0 : await changeProfile(present, changed, context);
  const isSaved = await saveSecrets({ ...deletedSecrets(flags), ...taken }, changed, context);
  if (isSameProfile && !isSaved) {
    terminal.writeMessage("Nothing was changed");
    return;
  }
  const renamed = changed.name === name ? "" : `, now '${changed.name}'`;
  terminal.writeMessage(`✓ Profile '${name}' changed${renamed}`);
  for (const line of changeLines(present, changed)) terminal.writeMessage(line);
  warnOfNarrowBuild(changed, context);
  if (forgotten > 0) {
    terminal.writeMessage("Its tokens, for the former tenant, application or authority, were deleted.");
  }
  if (!isSaved && losesSecret(present, changed)) {
    const { clientSecretStdin, certificatePasswordStdin } = EDIT_PROFILE_OPTIONS;
    const { flag } = changed.certificate === undefined ? clientSecretStdin : certificatePasswordStdin;
    terminal.writeMessage(
      `A secret saved for the former application or authority no longer applies: set one with ${flag}.`,
    );
  }
  if (signsInElsewhere(present, changed)) {
    terminal.writeMessage(`Sign in with: ${commandLine("get-token", { profile: changed.name })}`);
  }
}

/** Returns the profile as changed by the flags; null if they change nothing. */
function byFlags(flags: EditProfileFlags, present: Profile): Profile | null {
  const values = profileValues(flags);
  const unset = flags.unset ?? [];
  if (Object.keys(values).length === 0 && unset.length === 0 && flags.rename === undefined) return null;
  const removed = unset.filter((name) => !DELETED_SECRETS.has(name)).map(removableField);
  const { tenantId, clientId, flow, scopes, ...optional } = { ...present, ...values };
  const kept = Object.entries(optional).filter(([field]) => !removed.some((name) => name === field));
  const name = flags.rename === undefined ? present.name : checkProfileName(flags.rename);
  return { ...Object.fromEntries(kept), name, tenantId, clientId, flow, scopes };
}

function removableField(name: string): keyof Profile {
  const field = REMOVABLE_FIELDS.get(name);
  if (field !== undefined) return field;
  const names = [...REMOVABLE_FIELDS.keys(), ...DELETED_SECRETS.keys()].join(", ");
  const { flag } = EDIT_PROFILE_OPTIONS.unset;
  throw new CliError("usage", `Invalid ${flag} ${JSON.stringify(name)}: expected ${names}`, {
    hint: `Example: ${flag} ${CERTIFICATE}`,
  });
}

/** Deletes the password of a certificate together with the certificate. */
function deletedSecrets({ unset = [] }: EditProfileFlags): SecretChange {
  const names = unset.includes(CERTIFICATE) ? [...unset, CERTIFICATE_PASSWORD] : unset;
  return Object.assign({}, ...names.map((name) => DELETED_SECRETS.get(name) ?? {}));
}

async function byAnswers(present: Profile, context: CommandContext): Promise<Profile> {
  if (!context.terminal.stdinIsTerminal) {
    const { rename, tenantId, clientId, flow, scope, unset } = EDIT_PROFILE_OPTIONS;
    const flags = [rename, tenantId, clientId, flow, scope].map(({ flag }) => flag).join(", ");
    throw new CliError("person_needed", "Missing a value to change, and there is no terminal to prompt on", {
      hint: `Pass flags such as ${flags} or ${unset.flag}.`,
    });
  }
  const isUserless = present.flow === "managed-identity";
  const answers = await promptForProfile(context, {
    given: { name: present.name, ...isUserless ? { tenantId: "", clientId: present.clientId } : {} },
    byDefault: present,
    defaultScopes: () => present.scopes,
    checkScopes: assertFittingScopes,
    checkName: () => Promise.resolve(),
  });
  const { authority: _former, ...rest } = present;
  return { ...rest, ...answers };
}

/** The labels of the values, in the order of the prompts. */
const LABELS: Readonly<Record<Exclude<keyof Profile, "name">, string>> = {
  tenantId: "Tenant ID",
  authority: "Authority",
  clientId: "Client ID",
  flow: "Flow",
  scopes: "Scopes",
  loginHint: "Login hint",
  expectUser: "Expected user",
  expectTenant: "Expected tenant",
  certificate: "Certificate",
};

/** Describes each value that changed, with the former one. */
function changeLines(former: Profile, changed: Profile): string[] {
  const fields = Object.entries(LABELS) as [keyof typeof LABELS, string][];
  const shown = (value: Profile[keyof Profile]) => plainText([value ?? ""].flat().join(" ")) || "none";
  return fields.map(([field, label]) => [label, shown(changed[field]), shown(former[field])])
    .filter(([, value, before]) => value !== before)
    .map(([label, value, before]) => `  ${label}: ${value} (was ${before})`);
}

function isSame(one: Profile, other: Profile): boolean {
  const fields = Object.keys({ ...one, ...other }) as (keyof Profile)[];
  return fields.every((field) => JSON.stringify(one[field]) === JSON.stringify(other[field]));
}

/** Reports whether the saved secret of `one` belongs to another application or authority than that of `other`. */
function losesSecret(one: Profile, other: Profile): boolean {
  return needsCredential(other.flow) &&
    (one.clientId !== other.clientId || one.authority !== other.authority);
}

/** Only a managed identity needs neither a tenant nor a client ID. */
function assertComplete({ flow, tenantId, clientId }: Profile): void {
  if (flow === "managed-identity" || (tenantId !== "" && clientId !== "")) return;
  const options = EDIT_PROFILE_OPTIONS;
  throw new CliError(
    "usage",
    `The profile has no ${tenantId === "" ? "tenant" : "client ID"}, which ${flow} needs`,
    {
      hint: `Set both: ${options.tenantId.flag} TENANT ${options.clientId.flag} ID`,
    },
  );
}
