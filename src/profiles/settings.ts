import { CliError } from "../errors.ts";
import { ADFS } from "../identity/cloud.ts";
import {
  isDefaultScope,
  lacksResource,
  parseScopes,
  scopesByResource,
  sentScopes,
} from "../identity/scopes.ts";
import { shellWord } from "../text/shell_word.ts";
import type { Environment } from "../system/environment.ts";
import type { ExpectedAccount } from "../identity/expected_account.ts";
import {
  type Authority,
  checkAuthority,
  checkAuthorityFlags,
  checkClientId,
  checkExpectedTenant,
  checkExpectedUser,
  checkFlow,
  checkTenant,
  tenantOfHost,
} from "./validate_fields.ts";
import { DEFAULT_FLOW, type Flow, type Profile } from "./profile.ts";

/** The resolved settings of a sign-in. */
export interface SignInSettings {
  /** The name of the profile that the tokens belong to. */
  readonly profile: string;
  /** Whether this profile exists: flags and variables are enough without one. */
  readonly hasProfile: boolean;
  /** Base URL of the authority, without the tenant. */
  readonly authority: string;
  /** Tenant: GUID, domain, `common`, `organizations` or `consumers`; at B2C `TENANT/POLICY`. */
  readonly tenant: string;
  readonly clientId: string;
  /** How to get a token if neither the cache nor a refresh has one. */
  readonly flow: Flow;
  readonly scopes: readonly string[];
  /** The only accepted account. */
  readonly expect: ExpectedAccount;
  /** The profile's user name, to fill in at the sign-in page. */
  readonly suggestedUser?: string | undefined;
}

/** The flags of a command. */
export interface SettingsFlags {
  readonly tenantId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly authority?: string | undefined;
  readonly cloud?: string | undefined;
  readonly flow?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly expectUser?: string | undefined;
  readonly expectTenant?: string | undefined;
  readonly identityResourceId?: string | undefined;
  readonly identityObjectId?: string | undefined;
}

/** The authority of the public cloud. */
export const DEFAULT_AUTHORITY = "https://login.microsoftonline.com";

/**
 * Returns the scopes to request if neither the command nor the profile names one: `User.Read`; without Microsoft Graph the
 * application itself at B2C, and `openid` at AD FS.
 */
export function defaultScopes(
  { policy, tenant }: Pick<Authority, "policy" | "tenant">,
  clientId: string,
): readonly string[] {
  if (policy !== null) return [clientId];
  return tenant === ADFS ? ["openid"] : ["User.Read"];
}

/**
 * Resolves the settings of a sign-in: a flag beats an environment variable (`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
 * `AZURE_AUTHORITY_HOST`), which beats the profile. A tenant in the path of the authority in use counts as a value from
 * the source of that authority.
 *
 * @param profile The profile `profileName`, or null if it does not exist, which is fine if the rest is enough.
 * @param existing The names of the existing profiles, for the error if `profileName` is not among them.
 * @throws {CliError} `no_profile` if a value is missing, `usage` if one is invalid.
 */
export function resolveSettings(
  flags: SettingsFlags,
  env: Environment,
  profile: Profile | null,
  profileName: string,
  existing: readonly string[] = [],
): SignInSettings {
  const sources = [fromFlags(flags), fromEnvironment(env), fromProfile(profile)];
  const authority = sources.find((source) => source.authority !== undefined)?.authority;
  const named = sources.map((source) => tenantOf(source, authority)).find((found) => found !== undefined);
  const tenant = named ?? (authority === undefined ? undefined : tenantOfHost(authority) ?? undefined);
  const clientId = sources.find((source) => source.clientId !== undefined)?.clientId;
  if (tenant === undefined || clientId === undefined) {
    throw missingProfile(profileName, existing, { tenant, clientId, hasScopes: flags.scopes !== undefined });
  }
  const { base, policy } = authority ?? { base: DEFAULT_AUTHORITY, policy: null };
  const scopes = decideScopes(flags.scopes, profile?.scopes, defaultScopes({ policy, tenant }, clientId));
  assertOneToken(scopes, base, profileName);
  return {
    profile: profileName,
    hasProfile: profile !== null,
    authority: base,
    tenant: policy === null ? tenant : `${tenant}/${policy}`,
    clientId,
    flow: decideFlow(flags.flow, profile),
    scopes: sentScopes(scopes, base),
    expect: decideExpected(flags, profile),
    suggestedUser: profile?.loginHint,
  };
}

/** Returns the expected account: a flag beats the profile. @throws {CliError} `usage` for an invalid value. */
export function decideExpected(flags: SettingsFlags, profile: Profile | null): ExpectedAccount {
  const user = flags.expectUser ?? profile?.expectUser;
  const tenant = flags.expectTenant ?? profile?.expectTenant;
  return {
    user: user === undefined ? undefined : checkExpectedUser(user),
    tenant: tenant === undefined ? undefined : checkExpectedTenant(tenant),
  };
}

/** Returns the flow: a flag beats the profile. @throws {CliError} `usage` for an unknown flow. */
export function decideFlow(flag: string | undefined, profile: Profile | null): Flow {
  return flag === undefined ? profile?.flow ?? DEFAULT_FLOW : checkFlow(flag);
}

/** Returns the base URL of the authority that {@linkcode resolveSettings} uses. @throws {CliError} `usage` */
export function resolveAuthority(flags: SettingsFlags, env: Environment, profile: Profile | null): string {
  const sources = [fromFlags(flags), fromEnvironment(env), fromProfile(profile)];
  return sources.find((source) => source.authority !== undefined)?.authority?.base ?? DEFAULT_AUTHORITY;
}

/** A source of settings: the flags, the environment or the profile. */
interface Source {
  readonly tenant: string | undefined;
  readonly clientId: string | undefined;
  readonly authority: Authority | undefined;
}

function fromFlags({ tenantId, clientId, authority, cloud }: SettingsFlags): Source {
  return {
    ...checkedSource(tenantId, clientId),
    authority: checkAuthorityFlags(cloud, authority) ?? undefined,
  };
}

function fromEnvironment(env: Environment): Source {
  return {
    tenant: fromVariable(env, "AZURE_TENANT_ID", checkTenant),
    clientId: fromVariable(env, "AZURE_CLIENT_ID", checkClientId),
    authority: fromVariable(env, "AZURE_AUTHORITY_HOST", checkAuthority),
  };
}

/** Names the variable in the error: the user may not know that it is set. */
function fromVariable<T>(env: Environment, name: string, check: (text: string) => T): T | undefined {
  const text = env.get(name);
  if (text === undefined) return undefined;
  try {
    return check(text);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    throw new CliError(error.code, `$${name}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

function fromProfile(profile: Profile | null): Source {
  // They are empty in a profile for a managed identity.
  return checkedSource(profile?.tenantId || undefined, profile?.clientId || undefined, profile?.authority);
}

function checkedSource(tenant?: string, clientId?: string, authority?: string): Source {
  return {
    tenant: tenant === undefined ? undefined : checkTenant(tenant),
    clientId: clientId === undefined ? undefined : checkClientId(clientId),
    authority: authority === undefined ? undefined : checkAuthority(authority),
  };
}

/** Returns the tenant that `source` names, possibly in the path of its authority if that is the one in use. */
function tenantOf(source: Source, used: Authority | undefined): string | undefined {
  const inPath = source.authority !== undefined && source.authority === used ? used.tenant : null;
  if (inPath === null) return source.tenant;
  if (source.tenant === undefined || source.tenant === inPath) return inPath;
  throw new CliError("usage", `Conflicting tenants: ${source.tenant}, and ${inPath} in the authority`, {
    hint: "Omit one of the two.",
  });
}

function decideScopes(
  flag: readonly string[] | undefined,
  configured: readonly string[] | undefined,
  defaults: readonly string[],
): readonly string[] {
  const scopes = parseScopes(flag ?? []);
  if (scopes.length > 0) return scopes;
  return configured !== undefined && configured.length > 0 ? configured : defaults;
}

/** Reports whether a profile's name is a scope such as `Mail.Read`: az takes each one as a word, which here names a profile. */
export function isLikeScope(name: string): boolean {
  return /^[A-Z][A-Za-z]*(\.[A-Z][A-Za-z]*)+$/.test(name);
}

function missingProfile(
  name: string,
  existing: readonly string[],
  { tenant = "TENANT", clientId = "CLIENT_ID", hasScopes }: {
    readonly tenant: string | undefined;
    readonly clientId: string | undefined;
    readonly hasScopes: boolean;
  },
): CliError {
  const create = `Create it: entra-auth-cli create-profile --name ${shellWord(name)} ` +
    `--tenant-id ${shellWord(tenant)} --client-id ${clientId}`;
  const others = existing.length > 0 ? `\nProfiles that exist: ${existing.join(", ")}` : "";
  const hint = hasScopes && isLikeScope(name)
    ? `Several scopes go into one string, as in --scope "User.Read ${name}"`
    : create + others;
  return new CliError("no_profile", `Profile '${name}' does not exist`, { hint });
}

/**
 * Rejects scopes that Entra cannot put into one token, before the user is prompted to sign in: an access token is for one
 * resource (AADSTS28000), which a slash must follow, and `.default` cannot be combined with other scopes (AADSTS70011).
 *
 * @param profile The name of the profile, for the commands in the hint.
 * @throws {CliError} `usage` with one command per token.
 */
export function assertOneToken(scopes: readonly string[], authority: string, profile: string): void {
  const nameless = scopes.find(lacksResource);
  if (nameless !== undefined) throw missingResource(nameless);
  if (scopes.length < 2) return;
  const groups = scopesByResource(scopes, authority);
  if (groups.size > 1) {
    throw new CliError(
      "usage",
      `One token cannot be for ${groups.size} resources: ${[...groups.keys()].join(", ")}`,
      {
        hint: [...[...groups.values()].map((group) => command(group, profile)), "Get a token for each."].join(
          "\n",
        ),
      },
    );
  }
  const [group = []] = groups.values();
  const byDefault = group.filter(isDefaultScope);
  const named = group.filter((scope) => !isDefaultScope(scope));
  if (byDefault.length === 0 || named.length === 0) return;
  throw new CliError("usage", `${byDefault[0]} cannot be combined with ${named.join(" ")}`, {
    hint: [command(named, profile), command(byDefault, profile), "Choose one of the two."].join("\n"),
  });
}

function missingResource(scope: string): CliError {
  return new CliError(
    "usage",
    `Invalid scope ${JSON.stringify(scope)}: expected a resource before the slash`,
    {
      hint: "Name the resource, as in --scope https://management.azure.com/.default.",
    },
  );
}

function command(scopes: readonly string[], profile: string): string {
  return `entra-auth-cli get-token --profile ${shellWord(profile)} --scope ${shellWord(scopes.join(" "))}`;
}
