import { CLOUDS } from "../../identity/cloud.ts";
import { FLOWS } from "../../profiles/profile.ts";
import { OUTPUT_FORMATS, REFRESH_FORMATS } from "../output/token_output.ts";
import { type FlagsOf, flagWords, type OptionTable } from "./option_table.ts";

/** The prompts that the browser can be asked to show. */
export const PROMPTS = ["login", "select_account", "consent", "none"];

/** The flags of every command. */
export const GLOBAL_OPTIONS = {
  verbose: { flag: "--verbose", description: "Show more details if the command fails." },
  plain: {
    flag: "--plain",
    description: "Print words instead of symbols and animations, for screen readers.",
  },
} as const satisfies OptionTable;

/** Which profile a command uses if none is named, for descriptions. */
export const WHICH_PROFILE = "($ENTRA_AUTH_CLI_PROFILE, else that of use-profile, else 'default')";

/** `--profile`, of the commands that use a profile. */
export const PROFILE = {
  profile: {
    flag: "--profile",
    short: "-p",
    value: "name",
    completions: "profiles",
    description: `Profile to use ${WHICH_PROFILE}.`,
  },
} as const satisfies OptionTable;

const SCOPE = {
  scope: {
    flag: "--scope",
    short: "-s",
    value: "scopes",
    repeats: true,
    description: "Scopes, in one string or in several flags (else the profile's).",
  },
} as const satisfies OptionTable;

/** Chooses the tenant and the application. */
const APPLICATION = {
  tenantId: {
    group: "application",
    flag: "--tenant-id",
    value: "tenant",
    description: "Tenant ID or domain ($AZURE_TENANT_ID, else the profile's).",
  },
  tenant: { flag: "--tenant", value: "tenant", description: "The same as --tenant-id.", hidden: true },
  clientId: {
    group: "application",
    flag: "--client-id",
    value: "id",
    description: "Application (client) ID ($AZURE_CLIENT_ID, else the profile's).",
  },
} as const satisfies OptionTable;

/** Chooses the authority. */
export const AUTHORITY = {
  authority: {
    group: "network",
    flag: "--authority",
    value: "url",
    description: "Authority's base URL ($AZURE_AUTHORITY_HOST, else the profile's).",
  },
  cloud: {
    group: "network",
    flag: "--cloud",
    value: "cloud",
    completions: CLOUDS.map(({ name }) => name),
    description: `Cloud of the authority: ${CLOUDS.map(({ name }) => name).join(", ")}.`,
  },
} as const satisfies OptionTable;

/** `--ca-cert`, of the commands that send requests. */
export const CA_CERT = {
  caCert: {
    group: "network",
    flag: "--ca-cert",
    value: "file",
    description: "Additional root certificate to trust, PEM ($ENTRA_AUTH_CLI_CA_CERT).",
  },
} as const satisfies OptionTable;

const QUIET = {
  quiet: { flag: "--quiet", short: "-q", description: "Print no status lines." },
  silent: { flag: "--silent", description: "The same as --quiet.", hidden: true },
} as const satisfies OptionTable;

/** Chooses a token and how to acquire it: {@linkcode acquireToken} reads these flags. */
export const TOKEN_OPTIONS = {
  flow: {
    flag: "--flow",
    short: "-f",
    value: "flow",
    completions: FLOWS,
    description: `How to sign in: ${FLOWS.join(", ")}.`,
  },
  ...PROFILE,
  ...SCOPE,
  port: {
    group: "sign-in",
    flag: "--port",
    value: "port",
    description: "Port for the redirect (default: a random free one).",
  },
  portRange: {
    group: "sign-in",
    flag: "--port-range",
    value: "range",
    description: "Ports to choose from for the redirect, such as 8000-8100.",
  },
  showUrl: {
    group: "sign-in",
    flag: "--show-url",
    description: "Show the sign-in URL instead of opening a browser.",
  },
  force: { flag: "--force", description: "Sign in again, even if a token is cached." },
  cache: { flag: "--no-cache", description: "Do not read or save cached tokens." },
  timeout: {
    group: "sign-in",
    flag: "--timeout",
    value: "duration",
    description: "Time limit for the sign-in, such as 90s or 2m (default: 5m).",
  },
  ...APPLICATION,
  ...AUTHORITY,
  loginHint: {
    group: "sign-in",
    flag: "--login-hint",
    value: "user",
    description: "User name to fill in at the sign-in page.",
  },
  domainHint: {
    group: "sign-in",
    rare: true,
    flag: "--domain-hint",
    value: "domain",
    description: "Domain of the account, to skip the search for its organization.",
  },
  claims: {
    group: "sign-in",
    rare: true,
    flag: "--claims",
    value: "claims",
    description: "Claims for an API: JSON, base64, or a WWW-Authenticate header.",
  },
  prompt: {
    group: "sign-in",
    rare: true,
    flag: "--prompt",
    value: "prompt",
    completions: PROMPTS,
    description: `Prompt to show in the browser: ${PROMPTS.join(", ")}.`,
  },
  expectUser: {
    group: "sign-in",
    flag: "--expect-user",
    value: "user",
    description: "Fail unless this user signs in: a user name or object ID.",
  },
  expectTenant: {
    group: "sign-in",
    flag: "--expect-tenant",
    value: "id",
    description: "Fail unless the token is from this tenant: an ID.",
  },
  certificate: {
    group: "application",
    flag: "--certificate",
    value: "file",
    description: "Certificate and private key of the application, PEM or PFX.",
  },
  sendCertificateChain: {
    group: "application",
    rare: true,
    flag: "--send-certificate-chain",
    description: "Send the certificate chain, for trust by subject and issuer.",
  },
  assertionFile: {
    group: "application",
    flag: "--assertion-file",
    value: "file",
    description: "File with a federated token for the application.",
  },
  assertionEnv: {
    group: "application",
    rare: true,
    flag: "--assertion-env",
    value: "name",
    description: "Environment variable with a federated token for the application.",
  },
  identityResourceId: {
    group: "application",
    rare: true,
    flag: "--identity-resource-id",
    value: "id",
    description: "Managed identity to use, by its resource ID.",
  },
  identityObjectId: {
    group: "application",
    rare: true,
    flag: "--identity-object-id",
    value: "id",
    description: "Managed identity to use, by its object ID.",
  },
  ...CA_CERT,
  qr: { group: "sign-in", flag: "--qr", description: "Also show the URL for a device code as a QR code." },
  interactive: {
    group: "sign-in",
    flag: "--no-interactive",
    description: "Fail instead of asking the user.",
  },
  ...QUIET,
} as const satisfies OptionTable;

/** The flags in {@linkcode TOKEN_OPTIONS}, as parsed. */
export type TokenFlags = FlagsOf<typeof TOKEN_OPTIONS> & Pick<FlagsOf<typeof GLOBAL_OPTIONS>, "verbose">;

export const GET_TOKEN_OPTIONS = {
  output: {
    flag: "--output",
    short: "-o",
    value: "format",
    completions: OUTPUT_FORMATS,
    description: `${OUTPUT_FORMATS.join(", ")}.`.replace("text", "text (default)"),
  },
  file: {
    flag: "--file",
    value: "path",
    description: "Write the token to a file (mode 0600) instead of stdout.",
  },
  ...TOKEN_OPTIONS,
} as const satisfies OptionTable;

export type GetTokenFlags = TokenFlags & FlagsOf<typeof GET_TOKEN_OPTIONS>;

export const REFRESH_OPTIONS = {
  output: {
    ...GET_TOKEN_OPTIONS.output,
    completions: REFRESH_FORMATS,
    description: `Print the new token: ${REFRESH_FORMATS.join(", ")}.`
      .replace("text", "text (default: no token)"),
  },
  ...PROFILE,
  ...SCOPE,
  timeout: {
    flag: "--timeout",
    value: "duration",
    description: "Time limit for the refresh, such as 30s or 2m.",
  },
  ...APPLICATION,
  ...AUTHORITY,
  ...CA_CERT,
  ...QUIET,
} as const satisfies OptionTable;

export type RefreshFlags = FlagsOf<typeof REFRESH_OPTIONS> & Pick<TokenFlags, "verbose">;

/** What a sign-in for the same token needs, in the order in which it is printed. */
const SIGN_IN_KEYS: readonly (keyof FlagsOf<typeof TOKEN_OPTIONS>)[] = [
  "flow",
  "scope",
  "tenantId",
  "clientId",
  "authority",
  "cloud",
  "loginHint",
  "domainHint",
  "prompt",
  "expectUser",
  "expectTenant",
  "certificate",
  "assertionFile",
  "assertionEnv",
  "caCert",
  "port",
  "portRange",
  "sendCertificateChain",
  "force",
  "cache",
];

/** Returns the typed flags that a sign-in for the same token needs again, as words of a command line. */
export function signInFlags(flags: FlagsOf<typeof TOKEN_OPTIONS>): string[] {
  return flagWords(TOKEN_OPTIONS, { ...flags, tenantId: flags.tenantId ?? flags.tenant }, SIGN_IN_KEYS);
}
