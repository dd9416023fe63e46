import { CliError } from "../errors.ts";
import { getToken } from "../flows/get_token/get_token.ts";
import type { ClientAuthentication, SignInManner, TokenResult } from "../flows/get_token/token_request.ts";
import type { PortChoice } from "../loopback/listen_on_loopback.ts";
import type { InteractiveSession } from "../flows/sign_in/interactive_session.ts";
import type { Progress } from "../flows/progress.ts";
import type { ProfileIdentity } from "../identity/profile_identity.ts";
import { parseScopeFlag } from "../identity/scopes.ts";
import { isApplicationFlow } from "../profiles/profile.ts";
import { decideFlow, resolveSettings, type SignInSettings } from "../profiles/settings.ts";
import { checkDomainHint } from "../profiles/validate_fields.ts";
import type { CommandContext } from "./context.ts";
import { isNamedByVariable, namedProfile, PROFILE_VARIABLE, profileName } from "./options/chosen_profile.ts";
import { PROMPTS, signInFlags, TOKEN_OPTIONS, type TokenFlags } from "./options/token_options.ts";

/** How long to wait for the user without `--timeout`, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/** A token, and the settings it was requested with. */
export interface AcquiredToken {
  readonly result: TokenResult;
  readonly settings: SignInSettings;
}

/**
 * Gets the token that the flags request, for every command that needs one.
 *
 * @param offerProfile Creates the profile `name` if it is missing and the user wants it; returns whether it did.
 * @throws {CliError} What `getToken()` throws, or `usage`.
 */
export async function acquireToken(
  flags: TokenFlags,
  context: CommandContext,
  progress: Progress,
  offerProfile: (name: string) => Promise<boolean> = () => Promise.resolve(false),
): Promise<AcquiredToken> {
  const { env } = context;
  const manner = parseManner(flags);
  const prompt = parsePrompt(flags.prompt);
  const claims = flags.claims === undefined
    ? undefined
    : (await import("./options/claims.ts")).parseClaimsFlag(flags.claims);
  const named = namedProfile(flags.profile, context);
  const settings = await readSettings(flags, named, context).catch(async (error) => {
    if (!(error instanceof CliError) || error.code !== "no_profile") throw error;
    const missing = await profileName(flags.profile, context);
    if (!await offerProfile(missing)) throw error;
    return await readSettings(flags, missing, context);
  });
  const {
    profile: name,
    hasProfile,
    identity,
    authority,
    tenant,
    clientId,
    flow,
    scopes,
    expect,
    suggestedUser,
  } = settings;
  const fresh = (flags.force ?? false) || flags.cache === false;
  const result = await getToken(
    {
      key: { profile: name, identity, authority, tenant, clientId },
      hasProfile,
      flow,
      scopes,
      expect,
      acceptCached: !fresh,
      acceptRefresh: !fresh,
      mayPrompt: flags.interactive ?? true,
      useStore: flags.cache ?? true,
      manner: { ...manner, openInteractiveSession: () => openSession(flags, context, progress) },
      caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
      timeoutMs: flags.timeout === undefined ? undefined : manner.timeoutMs,
      loadClientAuthentication: () => Promise.resolve(clientAuthentication(flags, context)),
      prompt,
      loginHint: flags.loginHint,
      suggestedUser,
      domainHint: flags.domainHint === undefined ? undefined : checkDomainHint(flags.domainHint),
      claims,
      signInFlags: () => signInFlags(flags),
    },
    context,
    progress,
  )
    // No event ends the wait for a token that another process got.
    .finally(() => context.terminal.endWait());
  return { result, settings };
}

/** The flags that decide the settings of a sign-in. */
export type SettingsFlags = Pick<
  TokenFlags,
  | "profile"
  | "flow"
  | "scope"
  | "tenantId"
  | "tenant"
  | "clientId"
  | "authority"
  | "cloud"
  | "expectUser"
  | "expectTenant"
  | "identityResourceId"
  | "identityObjectId"
>;

/** The settings of a sign-in, with what the tokens of the profile are bound to. */
export interface ProfileSettings extends SignInSettings {
  readonly identity: ProfileIdentity | null;
}

/**
 * Returns the settings of a sign-in: from the flags, the environment and the profile called `named`, in this order. Null
 * stands for the profile that commands use by default.
 *
 * @throws {CliError} `no_profile` if these leave tenant or application open, `usage` for an invalid value.
 */
export async function readSettings(
  flags: SettingsFlags,
  named: string | null,
  { env, profiles }: CommandContext,
): Promise<ProfileSettings> {
  const { scope, tenant, tenantId = tenant, ...others } = flags;
  const typed = { ...others, tenantId, scopes: parseScopeFlag(scope) };
  const { name, profile, identity } = await profiles.lookUp(named);
  // Only the error for a missing profile names the others.
  const existing = profile === null ? (await profiles.list()).map((other) => other.name) : [];
  const resolve = isApplicationFlow(decideFlow(typed.flow, profile))
    ? (await import("../profiles/application_settings.ts")).resolveApplicationSettings
    : resolveSettings;
  try {
    return { ...resolve(typed, env, profile, name, existing), identity };
  } catch (error) {
    const isMissing = error instanceof CliError && error.code === "no_profile";
    if (!isMissing || !isNamedByVariable(flags.profile, { env })) throw error;
    throw error.withHint(`${error.hint}\n${PROFILE_VARIABLE} names this profile.`);
  }
}

async function openSession(
  flags: TokenFlags,
  context: CommandContext,
  progress: Progress,
): Promise<InteractiveSession> {
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  const { openInteractiveSession } = await import("./terminal/open_interactive_session.ts");
  return await openInteractiveSession(context, { progress, withQrCode: flags.qr ?? false, isQuiet });
}

/** Returns the application's credential flags, and how to prompt for its secrets if there is a terminal. */
function clientAuthentication(flags: TokenFlags, context: CommandContext): ClientAuthentication {
  const { certificate, sendCertificateChain, assertionFile, assertionEnv, interactive = true } = flags;
  return {
    flags: { certificate, sendCertificateChain, assertionFile, assertionVariable: assertionEnv },
    async ask(kind, question) {
      if (!interactive || !context.terminal.stdinIsTerminal) return null;
      if (kind === "password") {
        const { promptForSecret } = await import("./terminal/prompt.ts");
        return await promptForSecret(context, question);
      }
      const { promptForClientSecret } = await import("./options/secret_input.ts");
      return await promptForClientSecret(context, question);
    },
  };
}

function parseManner(flags: TokenFlags): SignInManner {
  return {
    ports: parsePorts(flags.port, flags.portRange),
    showUrl: flags.showUrl ?? false,
    timeoutMs: flags.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDuration(flags.timeout),
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const MAX_MS = 24 * 3_600_000;

/**
 * Returns the milliseconds of a duration such as `90s`, `2m` or `1h`; a bare number counts seconds.
 *
 * @throws {CliError} `usage` if the text is not a duration, is zero, or exceeds a day.
 */
export function parseDuration(text: string): number {
  const [, amount, unit] = text.trim().match(/^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/) ?? [];
  const ms = amount === undefined ? 0 : Number(amount) * (UNITS_MS[unit ?? "s"] ?? 0);
  if (ms > 0 && ms <= MAX_MS) return ms;
  throw new CliError("usage", `Invalid duration ${JSON.stringify(text)}: expected 90s, 2m or 1h`, {
    hint: "A duration is more than zero and at most a day.",
  });
}

/**
 * Returns the ports that `--port` or `--port-range` allows for the redirect.
 *
 * @throws {CliError} `usage` for an invalid port, an empty range, or both flags at once.
 */
export function parsePorts(port: string | undefined, range: string | undefined): PortChoice {
  const { port: { flag: portFlag }, portRange: { flag: rangeFlag } } = TOKEN_OPTIONS;
  if (port !== undefined && range !== undefined) {
    throw new CliError("usage", `${portFlag} and ${rangeFlag} cannot be used together`, {
      hint: "Remove one of them.",
    });
  }
  if (port !== undefined) return { kind: "exact", port: parsePort(port, portFlag) };
  if (range === undefined) return { kind: "random" };
  const [, from, to] = range.match(/^\s*(\d+)\s*-\s*(\d+)\s*$/) ?? [];
  if (from === undefined || to === undefined) {
    throw new CliError("usage", `Invalid port range ${JSON.stringify(range)}: expected FIRST-LAST`, {
      hint: `Example: ${rangeFlag} 8000-8100`,
    });
  }
  const [first, last] = [parsePort(from, rangeFlag), parsePort(to, rangeFlag)];
  if (first > last) {
    throw new CliError("usage", `Invalid port range "${range}": the first port exceeds the last`, {
      hint: `Did you mean ${last}-${first}?`,
    });
  }
  return { kind: "range", first, last };
}

function parsePort(text: string, flag: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw new CliError("usage", `Invalid port in "${flag} ${text}": expected a number from 1 to 65535`, {
    hint: `Example: ${TOKEN_OPTIONS.port.flag} 8080`,
  });
}

/** @throws {CliError} `usage` for a prompt that the browser cannot be asked to show. */
export function parsePrompt(prompt: string | undefined): string | undefined {
  if (prompt === undefined || PROMPTS.includes(prompt)) return prompt;
  throw new CliError("usage", `Invalid prompt ${JSON.stringify(prompt)}: expected ${PROMPTS.join(", ")}`, {
    hint: `Example: ${TOKEN_OPTIONS.prompt.flag} ${PROMPTS[0]}`,
  });
}
