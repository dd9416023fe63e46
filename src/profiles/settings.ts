import { CliError } from "../errors.ts";
import { isDefaultScope, parseScopes, scopesByResource, sentScopes } from "../identity/scopes.ts";
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

/** How to sign in, with everything decided. */
export interface SignInSettings {
  /** Name of the profile that the tokens belong to. */
  readonly profile: string;
  /** Whether there is such a profile: flags and variables can do without. */
  readonly hasProfile: boolean;
  /** Base URL of the authority, without the tenant. */
  readonly authority: string;
  /** Tenant: GUID, domain, `common`, `organizations` or `consumers`; at B2C `TENANT/POLICY`. */
  readonly tenant: string;
  /** Application (client) id. */
  readonly clientId: string;
  /** How to get a token when the cache and a refresh don't help. */
  readonly flow: Flow;
  /** What the token is for. */
  readonly scopes: readonly string[];
  /** Whose token alone will do. */
  readonly expect: ExpectedAccount;
  /** User name to suggest at the sign-in page: the profile's. */
  readonly suggestedUser?: string;
}

/** What the user typed; absent means not typed. */
export interface SettingsFlags {
  /** `--tenant-id`. */
  readonly tenantId?: string | undefined;
  /** `--client-id`. */
  readonly clientId?: string | undefined;
  /** `--authority`. */
  readonly authority?: string | undefined;
  /** `--cloud`. */
  readonly cloud?: string | undefined;
  /** `--flow`. */
  readonly flow?: string | undefined;
  /** `--scope`. */
  readonly scopes?: readonly string[] | undefined;
  /** `--expect-user`. */
  readonly expectUser?: string | undefined;
  /** `--expect-tenant`. */
  readonly expectTenant?: string | undefined;
  /** `--identity-resource-id`. */
  readonly identityResourceId?: string | undefined;
  /** `--identity-object-id`. */
  readonly identityObjectId?: string | undefined;
}

/** The public cloud. */
export const DEFAULT_AUTHORITY = "https://login.microsoftonline.com";

/**
 * Asked for when neither the command nor the profile names a scope: reading one's own account; at B2C, which has no
 * Microsoft Graph, the application itself.
 */
export function defaultScopes(
  authority: Pick<Authority, "policy"> | null,
  clientId: string,
): readonly string[] {
  return (authority?.policy ?? null) === null ? ["User.Read"] : [clientId];
}

/**
 * Decides how to sign in: a flag beats an environment variable (`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`,
 * `AZURE_AUTHORITY_HOST`), which beats the profile. A tenant in the path of the authority that is used counts as named
 * where that authority was.
 *
 * @param profile The profile called `profileName`, or null when there is none: fine when the rest says enough.
 * @param existing Names of the profiles that there are, to show when `profileName` isn't among them.
 * @throws {CliError} `no_profile` when something is missing, `usage` when something is wrong.
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
  if (tenant === undefined || clientId === undefined) throw missingProfile(profileName, existing);
  const { base, policy } = authority ?? { base: DEFAULT_AUTHORITY, policy: null };
  const scopes = decideScopes(flags.scopes, profile?.scopes, defaultScopes(authority ?? null, clientId));
  assertOneToken(scopes, base, profileName);
  const suggestedUser = profile?.loginHint;
  return {
    profile: profileName,
    hasProfile: profile !== null,
    authority: base,
    tenant: policy === null ? tenant : `${tenant}/${policy}`,
    clientId,
    flow: decideFlow(flags.flow, profile),
    scopes: sentScopes(scopes, base),
    expect: decideExpected(flags, profile),
    ...(suggestedUser === undefined ? {} : { suggestedUser }),
  };
}

/** Whose token alone will do: a flag beats the profile. @throws {CliError} `usage` for a bad value. */
export function decideExpected(flags: SettingsFlags, profile: Profile | null): ExpectedAccount {
  const user = flags.expectUser ?? profile?.expectUser;
  const tenant = flags.expectTenant ?? profile?.expectTenant;
  return {
    ...(user === undefined ? {} : { user: checkExpectedUser(user) }),
    ...(tenant === undefined ? {} : { tenant: checkExpectedTenant(tenant) }),
  };
}

/** How to sign in: a flag beats the profile. @throws {CliError} `usage` for a flag that names no flow. */
export function decideFlow(flag: string | undefined, profile: Profile | null): Flow {
  return flag === undefined ? profile?.flow ?? DEFAULT_FLOW : checkFlow(flag);
}

/** Base URL of the authority alone, decided in the same way. @throws {CliError} `usage` when something is wrong. */
export function resolveAuthority(flags: SettingsFlags, env: Environment, profile: Profile | null): string {
  const sources = [fromFlags(flags), fromEnvironment(env), fromProfile(profile)];
  return sources.find((source) => source.authority !== undefined)?.authority?.base ?? DEFAULT_AUTHORITY;
}

/** One place that settings come from. */
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

/** What is wrong with a variable is hard to find where nobody typed it: the message names it. */
function fromVariable<T>(env: Environment, name: string, check: (text: string) => T): T | undefined {
  const text = env.get(name);
  if (text === undefined) return undefined;
  try {
    return check(text);
  } catch (error) {
    if (!(error instanceof CliError) || error.hint === undefined) throw error;
    throw new CliError(error.code, `$${name}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

function fromProfile(profile: Profile | null): Source {
  // A profile for a managed identity leaves them empty.
  return checkedSource(profile?.tenantId || undefined, profile?.clientId || undefined, profile?.authority);
}

function checkedSource(tenant?: string, clientId?: string, authority?: string): Source {
  return {
    tenant: tenant === undefined ? undefined : checkTenant(tenant),
    clientId: clientId === undefined ? undefined : checkClientId(clientId),
    authority: authority === undefined ? undefined : checkAuthority(authority),
  };
}

/** The tenant that `source` names, be it in the path of the authority that is `used`. */
function tenantOf(source: Source, used: Authority | undefined): string | undefined {
  const inPath = source.authority !== undefined && source.authority === used ? used.tenant : null;
  if (inPath === null) return source.tenant;
  if (source.tenant === undefined || source.tenant === inPath) return inPath;
  throw new CliError("usage", `Two tenants are named: ${source.tenant}, and ${inPath} in the authority`, {
    hint: "Name the tenant once.",
  });
}

function decideScopes(
  typed: readonly string[] | undefined,
  kept: readonly string[] | undefined,
  otherwise: readonly string[],
): readonly string[] {
  const wanted = parseScopes(typed ?? []);
  if (wanted.length > 0) return wanted;
  return kept !== undefined && kept.length > 0 ? kept : otherwise;
}

function missingProfile(name: string, existing: readonly string[]): CliError {
  const create = `Create it: entra-auth-cli create-profile --name ${shellWord(name)} ` +
    "--tenant-id TENANT --client-id CLIENT_ID";
  const others = existing.length > 0 ? `\nProfiles that exist: ${existing.join(", ")}` : "";
  return new CliError("no_profile", `Profile '${name}' does not exist`, { hint: create + others });
}

/**
 * Refuses scopes that Entra can't put into one token, before anybody is asked to sign in: an access token is for one
 * resource (AADSTS28000), and `.default` stands alone (AADSTS70011).
 *
 * @param profile Its name, for the commands that do it.
 * @throws {CliError} `usage` with one command for each token.
 */
export function assertOneToken(scopes: readonly string[], authority: string, profile: string): void {
  if (scopes.length < 2) return;
  const groups = scopesByResource(scopes, authority);
  if (groups.size > 1) {
    throw new CliError(
      "usage",
      `One token can't be for ${groups.size} resources: ${[...groups.keys()].join(", ")}`,
      {
        hint: ["Get a token for each:", ...[...groups.values()].map((group) => command(group, profile))].join(
          "\n",
        ),
      },
    );
  }
  const [group = []] = groups.values();
  const byDefault = group.filter(isDefaultScope);
  const named = group.filter((scope) => !isDefaultScope(scope));
  if (byDefault.length === 0 || named.length === 0) return;
  throw new CliError("usage", `${byDefault[0]} can't be asked for together with ${named.join(" ")}`, {
    hint: ["Choose one of the two:", command(named, profile), command(byDefault, profile)].join("\n"),
  });
}

function command(scopes: readonly string[], profile: string): string {
  return `entra-auth-cli get-token --profile ${shellWord(profile)} --scope ${shellWord(scopes.join(" "))}`;
}
