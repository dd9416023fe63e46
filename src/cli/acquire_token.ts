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

/** How long to wait for the user without `--timeout`, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/** A token, and the settings it was requested with. */
export interface AcquiredToken {
  readonly result: TokenResult;
  readonly settings: SignInSettings;
}

/** Gets the token that the flags request, for every command that needs one. @throws {CliError} What `getToken()` throws, or `usage`. */
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
      manner: { ...manner, openInteractiveSession: () => openSession(flags, context, progress) },
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
    // No event ends the wait for a token that another process got.
    .finally(() => context.terminal.endWait());
  return { result, settings };
}

async function openSession(
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

/** Loads the parser only if there are claims. */
async function parseClaims(claims: string | undefined): Promise<string | undefined> {
  if (claims === undefined) return undefined;
  const { parseClaimsFlag } = await import("./options/claims.ts");
  return parseClaimsFlag(claims);
}
