import { shellWord } from "../../text/shell_word.ts";
import { type FlagsOf, flagWords, type OptionTable } from "./option_table.ts";
import {
  CREATE_PROFILE_OPTIONS,
  DELETE_PROFILE_OPTIONS,
  DOCUMENT_OUTPUT,
  EDIT_PROFILE_OPTIONS,
  EXPORT_PROFILE_OPTIONS,
  IMPORT_PROFILE_OPTIONS,
  LIST_PROFILES_OPTIONS,
  SHOW_PROFILE_OPTIONS,
  USE_PROFILE_OPTIONS,
} from "./profile_options.ts";
import {
  AUTHORITY,
  CA_CERT,
  GET_TOKEN_OPTIONS,
  PROFILE,
  REFRESH_OPTIONS,
  TOKEN_OPTIONS,
  type TokenFlags,
} from "./token_options.ts";

export const DEFAULT_VARIABLE = "ACCESS_TOKEN";

export const EXEC_OPTIONS = {
  env: {
    flag: "--env",
    value: "name",
    description: `Environment variable to set (default: ${DEFAULT_VARIABLE}).`,
  },
  managedIdentity: {
    flag: "--managed-identity",
    description: "Let the command get tokens like a managed identity, instead of one in a variable.",
  },
  resource: {
    flag: "--resource",
    value: "resource",
    repeats: true,
    description: "With --managed-identity: allow this resource (default: those of the scopes).",
  },
  ...TOKEN_OPTIONS,
} as const satisfies OptionTable;

export type ExecFlags = FlagsOf<typeof EXEC_OPTIONS> & TokenFlags;

export const SERVE_OPTIONS = {
  ...TOKEN_OPTIONS,
  port: { flag: "--port", value: "port", description: "Port to listen on (default: a random free one)." },
  resource: { ...EXEC_OPTIONS.resource, description: "Allow this resource (default: those of the scopes)." },
  for: {
    flag: "--for",
    value: "duration",
    description: "Stop after this time, such as 8h (default: never).",
  },
  listen: {
    flag: "--listen",
    value: "address",
    description: "Listen on this address instead of the loopback ones: others may reach it.",
  },
  output: {
    flag: "--output",
    short: "-o",
    value: "format",
    completions: ["shell", "env", "devcontainer"],
    description: "shell (default), env or devcontainer.",
  },
} as const satisfies OptionTable;

export type ServeFlags = FlagsOf<typeof SERVE_OPTIONS> & TokenFlags;

export const REQUEST_OPTIONS = {
  header: {
    flag: "--header",
    short: "-H",
    value: "header",
    repeats: true,
    description: "Header to send, as in 'Name: value'.",
  },
  body: {
    flag: "--body",
    short: "-d",
    value: "body",
    description: "Body to send: the text, @FILE, or - for standard input.",
  },
  output: {
    flag: "--output",
    short: "-o",
    value: "format",
    completions: ["json", "raw", "headers"],
    description: "json (default), raw or headers.",
  },
  paginate: { flag: "--paginate", description: "Request the following pages too, and print one list." },
  allowHost: {
    flag: "--allow-host",
    value: "host",
    repeats: true,
    description: "Send the token to this host, whatever it is for.",
  },
  ...TOKEN_OPTIONS,
  scope: {
    ...TOKEN_OPTIONS.scope,
    description: "Scopes of the token (else the profile's for the host, or its .default).",
  },
  timeout: {
    ...TOKEN_OPTIONS.timeout,
    description: "Time limit for the sign-in, and for the request, such as 90s or 2m (default: 5m).",
  },
} as const satisfies OptionTable;

export type RequestFlags = FlagsOf<typeof REQUEST_OPTIONS> & TokenFlags;

export const CREDENTIAL_HELPER_OPTIONS = {
  host: {
    flag: "--host",
    value: "host",
    repeats: true,
    description: "Answer for this host too, besides those of Azure Repos.",
  },
  ...TOKEN_OPTIONS,
} as const satisfies OptionTable;

export type CredentialHelperFlags = FlagsOf<typeof CREDENTIAL_HELPER_OPTIONS> & TokenFlags;

export const DOCKER_CREDENTIAL_OPTIONS = {
  host: {
    ...CREDENTIAL_HELPER_OPTIONS.host,
    description: "Answer for this registry too, besides those of Azure Container Registry.",
  },
  ...TOKEN_OPTIONS,
} as const satisfies OptionTable;

export type DockerCredentialFlags = FlagsOf<typeof DOCKER_CREDENTIAL_OPTIONS> & TokenFlags;

export const CLEAR_CACHE_OPTIONS = {
  ...PROFILE,
  all: {
    ...EXPORT_PROFILE_OPTIONS.all,
    description: "Delete the tokens of all profiles, after confirmation.",
  },
  yes: { ...DELETE_PROFILE_OPTIONS.yes, description: "Do not ask for confirmation." },
} as const satisfies OptionTable;

export type ClearCacheFlags = FlagsOf<typeof CLEAR_CACHE_OPTIONS>;

export const INSPECT_OPTIONS = {
  ...PROFILE,
  scope: {
    ...TOKEN_OPTIONS.scope,
    description: "The cached token for these scopes, instead of the newest.",
  },
  file: {
    ...GET_TOKEN_OPTIONS.file,
    description: "Read the token from a file; - reads from standard input.",
  },
  verify: { flag: "--verify", description: "Verify the signature with the tenant's keys." },
  authority: {
    ...AUTHORITY.authority,
    description: "Base URL of the authority that the keys are from.",
  },
  cloud: AUTHORITY.cloud,
  ...CA_CERT,
  ...DOCUMENT_OUTPUT,
} as const satisfies OptionTable;

export type InspectFlags = FlagsOf<typeof INSPECT_OPTIONS>;

export const EXPLAIN_OPTIONS = {
  profile: {
    ...PROFILE.profile,
    description: "Profile whose IDs the commands name, if there is one (default: as for get-token).",
  },
  ...DOCUMENT_OUTPUT,
} as const satisfies OptionTable;

export type ExplainFlags = FlagsOf<typeof EXPLAIN_OPTIONS>;

export const DOCTOR_OPTIONS = {
  ...PROFILE,
  authority: { ...AUTHORITY.authority, description: "Base URL of the authority (else the profile's)." },
  cloud: AUTHORITY.cloud,
  ...CA_CERT,
  ...DOCUMENT_OUTPUT,
} as const satisfies OptionTable;

export type DoctorFlags = FlagsOf<typeof DOCTOR_OPTIONS>;

export const PERMISSIONS_OPTIONS = {
  profile: { ...PROFILE.profile, description: "The only profile to be used (default: all of them)." },
  ...DOCUMENT_OUTPUT,
} as const satisfies OptionTable;

export type PermissionsFlags = FlagsOf<typeof PERMISSIONS_OPTIONS>;

export const STATUS_OPTIONS = DOCUMENT_OUTPUT;

export type StatusFlags = FlagsOf<typeof STATUS_OPTIONS>;

export const INSTALL_SHIMS_OPTIONS = {
  program: {
    flag: "--program",
    value: "path",
    description: "Program that the shims call (default: this executable).",
  },
  profile: { ...PROFILE.profile, description: "Profile whose tokens they return (default: as usual)." },
  remove: { flag: "--remove", description: "Remove the shims from the folder." },
} as const satisfies OptionTable;

export type InstallShimsFlags = FlagsOf<typeof INSTALL_SHIMS_OPTIONS>;

const OUTPUT = {
  flag: "--output",
  short: "-o",
  value: "format",
  description: "json or another format of that program.",
} as const;

/** The flags of `az` that its callers pass to `account get-access-token`, `account show` and `version`. */
export const AZ_OPTIONS = {
  scope: { ...TOKEN_OPTIONS.scope, description: "Scopes of the token, in one string or in several flags." },
  resource: { flag: "--resource", value: "resource", description: "Resource of the token." },
  tenant: { flag: "--tenant", short: "-t", value: "tenant", description: "Tenant of the token." },
  subscription: { flag: "--subscription", value: "subscription", description: "Has no effect." },
  query: { flag: "--query", value: "member", description: "Print only this member, such as accessToken." },
  output: { ...OUTPUT, completions: ["json", "tsv", "none"] },
  onlyShowErrors: { flag: "--only-show-errors", description: "Print no notes." },
  ...PROFILE,
} as const satisfies OptionTable;

export type AzFlags = FlagsOf<typeof AZ_OPTIONS>;

/** The flags of `azd` that its callers pass to `auth token` and `version`. */
export const AZD_OPTIONS = {
  scope: AZ_OPTIONS.scope,
  tenantId: { flag: "--tenant-id", value: "tenant", description: "Tenant of the token." },
  claims: TOKEN_OPTIONS.claims,
  output: { ...OUTPUT, completions: ["json", "none"] },
  prompt: { flag: "--no-prompt", description: "Has no effect: nothing prompts." },
  ...PROFILE,
} as const satisfies OptionTable;

export type AzdFlags = FlagsOf<typeof AZD_OPTIONS>;

/** The flags of each command, in the order in which the help lists the commands. */
export const COMMAND_OPTIONS = {
  "get-token": GET_TOKEN_OPTIONS,
  "exec": EXEC_OPTIONS,
  "serve": SERVE_OPTIONS,
  "request": REQUEST_OPTIONS,
  "credential-helper": CREDENTIAL_HELPER_OPTIONS,
  "refresh": REFRESH_OPTIONS,
  "inspect": INSPECT_OPTIONS,
  "status": STATUS_OPTIONS,
  "explain": EXPLAIN_OPTIONS,
  "clear-cache": CLEAR_CACHE_OPTIONS,
  "create-profile": CREATE_PROFILE_OPTIONS,
  "list-profiles": LIST_PROFILES_OPTIONS,
  "show-profile": SHOW_PROFILE_OPTIONS,
  "use-profile": USE_PROFILE_OPTIONS,
  "edit-profile": EDIT_PROFILE_OPTIONS,
  "delete-profile": DELETE_PROFILE_OPTIONS,
  "export-profile": EXPORT_PROFILE_OPTIONS,
  "import-profile": IMPORT_PROFILE_OPTIONS,
  "completions": {},
  "permissions": PERMISSIONS_OPTIONS,
  "doctor": DOCTOR_OPTIONS,
  "install-shims": INSTALL_SHIMS_OPTIONS,
  "az": AZ_OPTIONS,
  "azd": AZD_OPTIONS,
  "docker-credential": DOCKER_CREDENTIAL_OPTIONS,
} as const satisfies Readonly<Record<string, OptionTable>>;

/** The name of a command. */
export type CommandName = keyof typeof COMMAND_OPTIONS;

/** Returns the call of `command` with these flags, ready to be copied into a shell. */
export function commandLine<Name extends CommandName>(
  command: Name,
  flags: FlagsOf<(typeof COMMAND_OPTIONS)[Name]> = {},
): string {
  const words = flagWords(COMMAND_OPTIONS[command], { ...flags });
  return ["entra-auth-cli", command, ...words].map(shellWord).join(" ");
}
