import { getToken } from "../flows/get_token/get_token.ts";
import type { ClientAuthentication, SignInManner, TokenResult } from "../flows/get_token/token_request.ts";
import type { InteractiveSession } from "../flows/sign_in/interactive_session.ts";
import type { Progress } from "../flows/progress.ts";
import { checkDomainHint } from "../profiles/validate_fields.ts";
import type { SignInSettings } from "../profiles/settings.ts";
import type { CommandContext } from "./context.ts";
import { profileName, readSettings } from "./options/chosen_profile.ts";
import { parseDuration, parsePorts, parsePrompt } from "./options/parse_values.ts";
import { signInFlags, type TokenFlags } from "./options/token_options.ts";

/** How long a person is waited for where nobody says how long, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/** A token, and what was decided about how to come by it. */
export interface AcquiredToken {
  /** The token, and where it is from. */
  readonly result: TokenResult;
  /** Profile, application and scopes. */
  readonly settings: SignInSettings;
}

/** Turns the flags into a request and gets the token, for every command that needs one. @throws {CliError} What the flow throws, or `usage`. */
export async function acquireToken(
  flags: TokenFlags,
  context: CommandContext,
  progress: Progress,
): Promise<AcquiredToken> {
  const { env } = context;
  const manner = parseManner(flags);
  const prompt = parsePrompt(flags.prompt);
  const claims = await parseClaims(flags.claims);
  const name = profileName(flags.profile, env);
  const settings = await readSettings(flags, name, context);
  const { hasProfile, authority, tenant, clientId, flow, scopes, expect, suggestedUser } = settings;
  const fresh = (flags.force ?? false) || flags.cache === false;
  const result = await getToken(
    {
      key: { profile: name, authority, tenant, clientId },
      hasProfile,
      flow,
      scopes,
      expect,
      acceptCached: !fresh,
      acceptRefresh: !fresh,
      mayPrompt: flags.interactive ?? true,
      useStore: flags.cache ?? true,
      manner: { ...manner, openInteractiveSession: () => meet(flags, context, progress) },
      caCertFile: flags.caCert ?? env.get("ENTRA_AUTH_CLI_CA_CERT"),
      timeoutMs: flags.timeout === undefined ? undefined : manner.timeoutMs,
      loadClientAuthentication: () => Promise.resolve(clientAuthentication(flags, context)),
      prompt,
      loginHint: flags.loginHint,
      suggestedUser,
      domainHint: flags.domainHint === undefined ? undefined : checkDomainHint(flags.domainHint),
      claims,
      signInFlags: signInFlags(flags),
    },
    context,
    progress,
  )
    // A token that another process got comes without a word that the wait for it is over.
    .finally(() => context.terminal.endWait());
  return { result, settings };
}

/** Loaded where somebody has to be asked. */
async function meet(
  flags: TokenFlags,
  context: CommandContext,
  progress: Progress,
): Promise<InteractiveSession> {
  const { openInteractiveSession } = await import("./terminal/open_interactive_session.ts");
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  return await openInteractiveSession(context, { progress, withQrCode: flags.qr ?? false, isQuiet });
}

/** Returns the application's credential flags, and how to prompt for its secrets if there is a terminal. */
function clientAuthentication(flags: TokenFlags, context: CommandContext): ClientAuthentication {
  const { certificate, sendCertificateChain, assertionFile, assertionEnv, interactive = true } = flags;
  return {
    flags: { certificate, sendCertificateChain, assertionFile, assertionVariable: assertionEnv },
    async ask(question) {
      if (!interactive || !context.terminal.stdinIsTerminal) return null;
      const { promptForSecret } = await import("./terminal/prompt.ts");
      return await promptForSecret(context, question);
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

/** What reads claims is loaded only where there are any. */
async function parseClaims(claims: string | undefined): Promise<string | undefined> {
  if (claims === undefined) return undefined;
  const { parseClaimsFlag } = await import("./options/claims.ts");
  return parseClaimsFlag(claims);
}
