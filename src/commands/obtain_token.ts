import { CliError } from "../errors.ts";
import type { ApplicationProof, SignInManner } from "../flows/flows.ts";
import type { TokenResult } from "../flows/get_token.ts";
import type { Person } from "../flows/person.ts";
import type { Progress } from "../flows/progress.ts";
import { checkDomainHint } from "../profiles/check_profile.ts";
import { needsCredential } from "../profiles/profile.ts";
import type { SignInSettings } from "../profiles/settings.ts";
import { parseScopeFlag } from "../scopes.ts";
import type { CommandContext } from "./context.ts";
import { parseDuration } from "./duration.ts";
import { parsePortFlags } from "./port_flags.ts";
import { profileName } from "./profile_name.ts";
import { readSettings } from "./read_settings.ts";
import { signInFlags } from "./sign_in_flags.ts";
import { PROMPTS, type TokenFlags } from "./token_flags.ts";

/** How long a person is waited for where nobody says how long, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/** A token, and what was decided about how to come by it. */
export interface ObtainedToken {
  /** The token, and where it is from. */
  readonly result: TokenResult;
  /** Profile, application and scopes. */
  readonly settings: SignInSettings;
}

/** Turns the flags into a request and gets the token, for every command that needs one. @throws {CliError} What the flow throws, or `usage`. */
export async function obtainToken(
  flags: TokenFlags,
  context: CommandContext,
  progress: Progress,
): Promise<ObtainedToken> {
  const { env, flows } = context;
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
  const result = await flows.getToken({
    key: { profile: name, authority, tenant, clientId },
    hasProfile,
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
    ...(needsCredential(flow) ? { loadProof: () => proofFrom(flags, context) } : {}),
    ...(prompt === undefined ? {} : { prompt }),
    ...(flags.loginHint === undefined ? {} : { loginHint: flags.loginHint }),
    ...(flags.domainHint === undefined ? {} : { domainHint: checkDomainHint(flags.domainHint) }),
    ...(claims === undefined ? {} : { claims }),
    signInFlags: signInFlags(flags),
    ...(suggestedUser === undefined ? {} : { suggestedUser }),
  }, progress)
    // A token that another process got comes without a word that the wait for it is over.
    .finally(() => context.terminal.endWait());
  return { result, settings };
}

/** Loaded where somebody has to be asked. */
async function meet(flags: TokenFlags, context: CommandContext, progress: Progress): Promise<Person> {
  const { meetPerson } = await import("./meet_person.ts");
  const isQuiet = flags.quiet ?? flags.silent ?? false;
  return await meetPerson(context, { progress, withQrCode: flags.qr ?? false, isQuiet });
}

async function proofFrom(flags: TokenFlags, context: CommandContext): Promise<ApplicationProof> {
  // Not loaded where a token is in the cache.
  const { applicationProof } = await import("./application_proof.ts");
  return applicationProof(flags, context);
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
  const { parseClaimsFlag } = await import("./claims_flag.ts");
  return parseClaimsFlag(claims);
}

function parsePrompt(prompt: string | undefined): string | undefined {
  if (prompt === undefined || PROMPTS.includes(prompt)) return prompt;
  throw new CliError("usage", `Unknown prompt: ${JSON.stringify(prompt)}`, {
    hint: `Choose one of: ${PROMPTS.join(", ")}.`,
  });
}
