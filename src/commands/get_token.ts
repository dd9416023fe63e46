import { Command } from "@cliffy/command";
import type { ApplicationProof, SignInManner } from "../flows/flows.ts";
import type { TokenResult } from "../flows/get_token.ts";
import type { Person } from "../flows/person.ts";
import type { Progress } from "../flows/progress.ts";
import { FLOWS, needsCredential } from "../profiles/profile.ts";
import { checkDomainHint } from "../profiles/check_profile.ts";
import type { SignInSettings } from "../profiles/settings.ts";
import { parseScopes } from "../scopes.ts";
import { CliError } from "../errors.ts";
import type { AnyCommand } from "./any_command.ts";
import type { CommandContext } from "./context.ts";
import { parseDuration } from "./duration.ts";
import { localTime } from "./local_time.ts";
import { parsePortFlags } from "./port_flags.ts";
import { profileName } from "./profile_name.ts";
import { readSettings } from "./read_settings.ts";
import { signInFlags } from "./sign_in_flags.ts";
import { sayProgress } from "./progress_lines.ts";
import { formatToken, OUTPUT_FORMS, type OutputForm, parseOutputForm } from "./token_output.ts";

/** What the browser can be told to ask. */
export const PROMPTS = ["login", "select_account", "consent", "none"];

/** The flags of `get-token`, as typed. */
export interface GetTokenFlags {
  /** How to sign in. */
  readonly flow?: string | undefined;
  /** Name of the profile. */
  readonly profile?: string | undefined;
  /** Scopes, each text with one or more. */
  readonly scope?: readonly string[] | undefined;
  /** Form to print. */
  readonly output?: string | undefined;
  /** Path to write to instead of stdout. */
  readonly file?: string | undefined;
  /** The one port for the callback. */
  readonly port?: string | undefined;
  /** Ports for the callback, as `A-B`. */
  readonly portRange?: string | undefined;
  /** Show the URL instead of opening it. */
  readonly showUrl?: boolean | undefined;
  /** Sign in whatever is cached. */
  readonly force?: boolean | undefined;
  /** False for `--no-cache`. */
  readonly cache?: boolean | undefined;
  /** How long to wait for the person. */
  readonly timeout?: string | undefined;
  /** Tenant. */
  readonly tenantId?: string | undefined;
  /** Tenant, by its other flag. */
  readonly tenant?: string | undefined;
  /** Application. */
  readonly clientId?: string | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** Claims that an API demanded. */
  readonly claims?: string | undefined;
  /** Domain of the account. */
  readonly domainHint?: string | undefined;
  /** Cloud, a name for an authority. */
  readonly cloud?: string | undefined;
  /** User name to fill in. */
  readonly loginHint?: string | undefined;
  /** What to ask in the browser. */
  readonly prompt?: string | undefined;
  /** The only user that will do. */
  readonly expectUser?: string | undefined;
  /** The only tenant that will do. */
  readonly expectTenant?: string | undefined;
  /** Path of the application's certificate. */
  readonly certificate?: string | undefined;
  /** Send the certificate along. */
  readonly sendCertificateChain?: boolean | undefined;
  /** Path of a federated token. */
  readonly assertionFile?: string | undefined;
  /** Name of a variable with a federated token. */
  readonly assertionEnv?: string | undefined;
  /** Resource id of a managed identity. */
  readonly identityResourceId?: string | undefined;
  /** Object id of a managed identity. */
  readonly identityObjectId?: string | undefined;
  /** Say more. */
  readonly verbose?: boolean | undefined;
  /** Path of a root certificate. */
  readonly caCert?: string | undefined;
  /** False for `--no-interactive`. */
  readonly interactive?: boolean | undefined;
  /** Draw the address for a device code as a QR code too. */
  readonly qr?: boolean | undefined;
  /** No status lines. */
  readonly quiet?: boolean | undefined;
  /** No status lines, by its other flag. */
  readonly silent?: boolean | undefined;
}

/** The `get-token` command. */
export function getTokenCommand(context: CommandContext): AnyCommand {
  const command = new Command()
    .description("Get an access token: from the cache, by a silent refresh, or by signing in.")
    .option("-o, --output <form:string>", `${OUTPUT_FORMS.join(", ")}.`.replace("text", "text (default)"))
    .option("--file <path:string>", "Write the token to a file (mode 0600) instead of stdout.");
  return tokenOptions(command)
    .example("Sign in", "entra-auth-cli get-token --flow interactive")
    .example(
      "Use the token",
      'curl -H "$(entra-auth-cli get-token -o header)" https://graph.microsoft.com/v1.0/me',
    )
    .example("For other scopes", 'entra-auth-cli get-token --scope "User.Read Mail.Read"')
    .example("In a script", "entra-auth-cli get-token --output json | jq -r .access_token")
    .example("Without a browser here", "entra-auth-cli get-token --flow device-code")
    .action((flags: GetTokenFlags) => runGetToken(flags, context));
}

/** Gives a command the flags that say which token, and how to come by it: {@linkcode obtainToken} reads them. */
export function tokenOptions(command: AnyCommand): AnyCommand {
  return command
    .option("-f, --flow <flow:string>", `How to sign in: ${FLOWS.join(", ")}.`)
    .option("-p, --profile <name:string>", "Profile to use ($ENTRA_AUTH_CLI_PROFILE, else 'default').")
    .option("-s, --scope <scopes:string>", "Scopes, in one string or several flags (else the profile's).", {
      collect: true,
    })
    .option("--port <port:string>", "Port for the callback (default: a random free one).")
    .option("--port-range <range:string>", "Ports to choose from for the callback, as 8000-8100.")
    .option("--show-url", "Show the URL to open instead of opening a browser.")
    .option("--force", "Sign in again, whatever is cached.")
    .option("--no-cache", "Neither use nor keep cached tokens.")
    .option("--timeout <duration:string>", "How long to wait for the sign-in, as 90s or 2m (default 5m).")
    .option("--tenant-id <tenant:string>", "Tenant ($AZURE_TENANT_ID, else the profile's).")
    .option("--tenant <tenant:string>", "The same as --tenant-id.", { hidden: true })
    .option("--client-id <id:string>", "Application ID ($AZURE_CLIENT_ID, else the profile's).")
    .option(
      "--authority <url:string>",
      "Authority's base URL ($AZURE_AUTHORITY_HOST, else the profile's).",
    )
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .option("--login-hint <user:string>", "User name to fill in.")
    .option("--domain-hint <domain:string>", "Domain of the account, to skip the question for it.")
    .option(
      "--claims <claims:string>",
      "Claims an API demands: JSON, base64, or a WWW-Authenticate header.",
    )
    .option("--prompt <prompt:string>", `What to ask in the browser: ${PROMPTS.join(", ")}.`)
    .option("--expect-user <user:string>", "Fail unless it is this user: a user name or an object ID.")
    .option("--expect-tenant <id:string>", "Fail unless the token is of this tenant: an ID.")
    .option("--certificate <file:string>", "Certificate and key of the application, PEM or PFX.")
    .option("--send-certificate-chain", "Send the certificate along, for trust by its subject and issuer.")
    .option("--assertion-file <file:string>", "File with a federated token for the application.")
    .option("--assertion-env <name:string>", "Variable with a federated token for the application.")
    .option("--identity-resource-id <id:string>", "Managed identity to use, by its resource ID.")
    .option("--identity-object-id <id:string>", "Managed identity to use, by its object ID.")
    .option("--ca-cert <file:string>", "Root certificate (PEM) to trust too ($ENTRA_AUTH_CLI_CA_CERT).")
    .option("--qr", "Draw the address for a device code as a QR code too.")
    .option("--no-interactive", "Fail rather than wait for a person.")
    .option("-q, --quiet", "No status lines.")
    .option("--silent", "The same as --quiet.", { hidden: true });
}

/** Gets the token and prints it. @throws {CliError} What {@linkcode obtainToken} throws, or `usage`. */
export async function runGetToken(flags: GetTokenFlags, context: CommandContext): Promise<void> {
  const form = parseOutputForm(flags.output ?? "text");
  if (form === "exec-credential") return await runForKubernetes(flags, context);
  await obtainAndDeliver(flags, form, context);
}

async function obtainAndDeliver(
  flags: GetTokenFlags,
  form: OutputForm,
  context: CommandContext,
  apiVersion?: string,
): Promise<void> {
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const { result, settings } = await obtainToken(
    flags,
    context,
    sayProgress(context.terminal, isQuiet, flags.verbose),
  );
  if (!isQuiet) sayOutcome(result, settings.profile, context);
  await deliver(result, form, flags.file, { ...settings, apiVersion }, context);
}

/** A Kubernetes client says in which version it wants its credentials, and whether anybody can be asked. */
async function runForKubernetes(flags: GetTokenFlags, context: CommandContext): Promise<void> {
  const { forKubernetes, parseExecInfo } = await import("./exec_credential.ts");
  const { apiVersion, isInteractive } = parseExecInfo(context.env.get("KUBERNETES_EXEC_INFO"));
  const interactive = isInteractive && (flags.interactive ?? true);
  try {
    await obtainAndDeliver({ ...flags, interactive }, "exec-credential", context, apiVersion);
  } catch (error) {
    throw isInteractive
      ? error
      : forKubernetes(error, profileName(flags.profile, context.env), signInFlags(flags));
  }
}

/** A token, and what was decided about how to come by it. */
export interface ObtainedToken {
  /** The token, and where it is from. */
  readonly result: TokenResult;
  /** Profile, application and scopes. */
  readonly settings: SignInSettings;
}

/** Turns the flags into a request and gets the token, for every command that needs one. @throws {CliError} What the flow throws, or `usage`. */
export async function obtainToken(
  flags: GetTokenFlags,
  context: CommandContext,
  progress: Progress,
): Promise<ObtainedToken> {
  const { env, flows } = context;
  const manner = parseManner(flags);
  const prompt = parsePrompt(flags.prompt);
  const claims = await parseClaims(flags.claims);
  const name = profileName(flags.profile, env);
  const settings = await readSettings(
    { ...flags, tenantId: flags.tenantId ?? flags.tenant, scopes: flags.scope && parseScopes(flags.scope) },
    name,
    context,
  );
  const { authority, tenant, clientId, flow, scopes, expect, suggestedUser } = settings;
  const fresh = (flags.force ?? false) || flags.cache === false;
  const result = await flows.getToken({
    key: { profile: name, authority, tenant, clientId },
    flow,
    scopes,
    expect,
    acceptCached: !fresh,
    acceptRefresh: !fresh,
    mayAskUser: flags.interactive ?? true,
    useStore: flags.cache ?? true,
    manner: { ...manner, meetPerson: () => meet(flags, context, progress) },
    caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
    ...(flags.timeout === undefined ? {} : { timeoutMs: manner.timeoutMs }),
    ...(needsCredential(flow) ? { proof: await proofFrom(flags, context) } : {}),
    ...(prompt === undefined ? {} : { prompt }),
    ...(flags.loginHint === undefined ? {} : { loginHint: flags.loginHint }),
    ...(flags.domainHint === undefined ? {} : { domainHint: checkDomainHint(flags.domainHint) }),
    ...(claims === undefined ? {} : { claims }),
    signInFlags: signInFlags(flags),
    ...(suggestedUser === undefined ? {} : { suggestedUser }),
  }, progress);
  return { result, settings };
}

/** Loaded where somebody has to be asked. */
async function meet(flags: GetTokenFlags, context: CommandContext, progress: Progress): Promise<Person> {
  const { meetPerson } = await import("./meet_person.ts");
  return await meetPerson(context, { progress, withQrCode: flags.qr ?? false });
}

async function proofFrom(flags: GetTokenFlags, context: CommandContext): Promise<ApplicationProof> {
  // Not loaded where a person's token is in the cache.
  const { applicationProof } = await import("./application_proof.ts");
  return applicationProof(flags, context);
}

function parseManner(flags: GetTokenFlags): SignInManner {
  return {
    ports: parsePortFlags(flags.port, flags.portRange),
    showUrl: flags.showUrl ?? false,
    timeoutMs: parseDuration(flags.timeout ?? "5m"),
  };
}

/** What reads claims is loaded only where there are any. */
async function parseClaims(claims: string | undefined): Promise<string | undefined> {
  if (claims === undefined) return undefined;
  const { parseClaimsFlag } = await import("./claims_flag.ts");
  return parseClaimsFlag(claims);
}

function parsePrompt(prompt: string | undefined): string | undefined {
  if (prompt === undefined || PROMPTS.includes(prompt)) return prompt;
  throw new CliError("usage", `Unknown prompt: ${JSON.stringify(prompt)}`, {
    hint: `Choose one of: ${PROMPTS.join(", ")}.`,
  });
}

function sayOutcome(
  { token, source, isSaved }: TokenResult,
  profile: string,
  { terminal }: CommandContext,
): void {
  terminal.say(`Token expires: ${localTime(token.expiresAt)}`);
  if (source !== "cache" && source !== "refresh" && isSaved) {
    terminal.say(`Token saved to profile '${profile}'`);
  }
}

/** Prints the token, or writes it to the file; a terminal sees it only when a form was asked for. */
async function deliver(
  result: TokenResult,
  form: OutputForm,
  file: string | undefined,
  settings: SignInSettings & { readonly apiVersion: string | undefined },
  context: CommandContext,
): Promise<void> {
  const { terminal, clock } = context;
  if (file === undefined && form === "text" && terminal.stdoutIsTerminal) return;
  const text = await formatToken(result, form, { ...settings, nowMs: clock.now() });
  if (file === undefined) await terminal.writeData(text);
  else await context.writePrivateFile(file, text);
}
