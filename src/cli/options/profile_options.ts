import { DOCUMENT_FORMATS } from "../output/document_format.ts";
import type { FlagsOf, OptionTable } from "./option_table.ts";
import { GET_TOKEN_OPTIONS, PROFILE, TOKEN_OPTIONS, WHICH_PROFILE } from "./token_options.ts";

/** `--output`, of the commands that print a document. */
export const DOCUMENT_OUTPUT = {
  output: {
    ...GET_TOKEN_OPTIONS.output,
    completions: DOCUMENT_FORMATS,
    description: "text (default), json or yaml.",
  },
} as const satisfies OptionTable;

/** Names the profile to show or to change. */
const NAME = {
  name: { flag: "--name", short: "-n", value: "name", completions: "profiles", description: "Profile name." },
  profile: { ...PROFILE.profile, description: "The same as --name.", hidden: true },
} as const satisfies OptionTable;

export type NameFlags = FlagsOf<typeof NAME>;

/** The values of a profile. */
const PROFILE_VALUES = {
  tenantId: { ...TOKEN_OPTIONS.tenantId, description: "Tenant ID or domain." },
  tenant: TOKEN_OPTIONS.tenant,
  clientId: { ...TOKEN_OPTIONS.clientId, description: "Application (client) ID." },
  flow: TOKEN_OPTIONS.flow,
  scope: {
    ...TOKEN_OPTIONS.scope,
    description: "Scopes (default: User.Read, or .default for an application).",
  },
  authority: {
    ...TOKEN_OPTIONS.authority,
    description: "Base URL of the authority (default: that of the public cloud).",
  },
  cloud: TOKEN_OPTIONS.cloud,
  loginHint: TOKEN_OPTIONS.loginHint,
  expectUser: {
    ...TOKEN_OPTIONS.expectUser,
    description: "The only user to accept: a user name or object ID.",
  },
  expectTenant: { ...TOKEN_OPTIONS.expectTenant, description: "The only tenant to accept: an ID." },
  certificate: TOKEN_OPTIONS.certificate,
  clientSecretStdin: {
    flag: "--client-secret-stdin",
    group: "application",
    description: "Save the application's secret from stdin, encrypted.",
  },
  certificatePasswordStdin: {
    flag: "--certificate-password-stdin",
    group: "application",
    description: "Save the certificate's password from stdin, encrypted.",
  },
} as const satisfies OptionTable;

export type ProfileFlags = FlagsOf<typeof PROFILE_VALUES>;

/** Chooses where a passphrase is read from. No flag takes a passphrase: other users can read arguments. */
export const PASSPHRASE_OPTIONS = {
  passphraseStdin: {
    flag: "--passphrase-stdin",
    description: "Read the passphrase from the first line of stdin.",
  },
  passphraseFile: {
    flag: "--passphrase-file",
    value: "path",
    description: "Read the passphrase from the first line of a file.",
  },
} as const satisfies OptionTable;

export type PassphraseFlags = FlagsOf<typeof PASSPHRASE_OPTIONS>;

export const CREATE_PROFILE_OPTIONS = {
  name: { ...NAME.name, completions: [], description: "Name of the new profile." },
  ...PROFILE_VALUES,
} as const satisfies OptionTable;

export type CreateProfileFlags = FlagsOf<typeof CREATE_PROFILE_OPTIONS>;

export const EDIT_PROFILE_OPTIONS = {
  ...NAME,
  rename: { flag: "--rename", value: "name", description: "New name. The profile keeps its tokens." },
  ...PROFILE_VALUES,
  unset: {
    flag: "--unset",
    value: "flag",
    repeats: true,
    description: "Remove a value (login-hint) or a secret (client-secret).",
  },
} as const satisfies OptionTable;

export type EditProfileFlags = FlagsOf<typeof EDIT_PROFILE_OPTIONS>;

export const DELETE_PROFILE_OPTIONS = {
  ...NAME,
  yes: {
    flag: "--yes",
    short: "-y",
    description: "Do not ask for confirmation (without a terminal there is none).",
  },
} as const satisfies OptionTable;

export type DeleteProfileFlags = FlagsOf<typeof DELETE_PROFILE_OPTIONS>;

export const USE_PROFILE_OPTIONS = NAME;

export const SHOW_PROFILE_OPTIONS = {
  ...NAME,
  name: { ...NAME.name, description: `Profile name ${WHICH_PROFILE}.` },
  ...DOCUMENT_OUTPUT,
} as const satisfies OptionTable;

export type ShowProfileFlags = FlagsOf<typeof SHOW_PROFILE_OPTIONS>;

export const LIST_PROFILES_OPTIONS = DOCUMENT_OUTPUT;

export type ListProfilesFlags = FlagsOf<typeof LIST_PROFILES_OPTIONS>;

export const EXPORT_PROFILE_OPTIONS = {
  name: { ...NAME.name, repeats: true, description: "Profile to export; can be repeated." },
  profile: { ...NAME.profile, repeats: true },
  all: { flag: "--all", description: "Export every profile." },
  file: { ...GET_TOKEN_OPTIONS.file, description: "Write to a file (mode 0600) instead of stdout." },
  output: {
    ...DOCUMENT_OUTPUT.output,
    value: "path",
    completions: undefined,
    description: "The same as --file.",
    hidden: true,
  },
  includeSecrets: {
    flag: "--include-secrets",
    description: "Include client secrets and certificate passwords, encrypted by a passphrase.",
  },
  force: { ...TOKEN_OPTIONS.force, description: "Replace a file of another kind." },
  ...PASSPHRASE_OPTIONS,
} as const satisfies OptionTable;

export type ExportProfileFlags = FlagsOf<typeof EXPORT_PROFILE_OPTIONS>;

export const IMPORT_PROFILE_OPTIONS = {
  file: { ...EXPORT_PROFILE_OPTIONS.file, description: "File to read (default: stdin)." },
  input: { flag: "--input", short: "-i", value: "path", description: "The same as --file.", hidden: true },
  name: {
    ...NAME.name,
    completions: [],
    description: "New name for the profile, if the file has only one.",
  },
  force: { ...TOKEN_OPTIONS.force, description: "Overwrite profiles of the same names." },
  ...PASSPHRASE_OPTIONS,
} as const satisfies OptionTable;

export type ImportProfileFlags = FlagsOf<typeof IMPORT_PROFILE_OPTIONS>;
