import { CliError } from "../errors.ts";
import { getToken } from "../flows/get_token/get_token.ts";
import type { ClientAuthentication, SignInManner, TokenResult } from "../flows/get_token/token_request.ts";
import type { InteractiveSession } from "../flows/sign_in/interactive_session.ts";
import type { Progress } from "../flows/progress.ts";
import { checkDomainHint } from "../profiles/validate_fields.ts";
import type { SignInSettings } from "../profiles/settings.ts";
import { parseScopeFlag } from "../identity/scopes.ts";
import type { CommandContext } from "./context.ts";
import { parseDuration } from "./options/duration.ts";
import { parsePortFlags } from "./options/ports.ts";
import { profileName } from "./options/profile_name.ts";
import { readSettings } from "./options/read_settings.ts";
import { signInFlags } from "./options/sign_in_flags.ts";
import { PROMPTS, type TokenFlags } from "./options/token_flags.ts";

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
  const settings = await readSettings(
    { ...flags, tenantId: flags.tenantId ?? flags.tenant, scopes: parseScopeFlag(flags.scope) },
    name,
    context,
  );
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
      loadClientAuthentication: () => clientAuthenticationFrom(flags, context),
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

async function clientAuthenticationFrom(
  flags: TokenFlags,
  context: CommandContext,
): Promise<ClientAuthentication> {
  // Not loaded where a token is in the cache.
  const { clientAuthentication } = await import("./options/client_authentication.ts");
  return clientAuthentication(flags, context);
}

function parseManner(flags: TokenFlags): SignInManner {
  return {
    ports: parsePortFlags(flags.port, flags.portRange),
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

function parsePrompt(prompt: string | undefined): string | undefined {
  if (prompt === undefined || PROMPTS.includes(prompt)) return prompt;
  throw new CliError("usage", `Unknown prompt: ${JSON.stringify(prompt)}`, {
    hint: `Choose one of: ${PROMPTS.join(", ")}.`,
  });
}
