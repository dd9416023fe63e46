import { CliError } from "../errors.ts";
import { cloudOf } from "../identity/cloud.ts";
import {
  isDefaultScope,
  isShortScope,
  lacksResource,
  OPENID_SCOPES,
  parseScopes,
  resourcePart,
} from "../identity/scopes.ts";
import type { Environment } from "../system/environment.ts";
import { formatManagedIdentity, resolveManagedIdentity } from "./managed_identity.ts";
import { type Flow, isApplicationFlow, MANAGED_IDENTITY, type Profile } from "./profile.ts";
import {
  decideExpected,
  decideFlow,
  DEFAULT_AUTHORITY,
  resolveSettings,
  type SettingsFlags,
  type SignInSettings,
} from "./settings.ts";

/** These stand for many tenants, while an application is registered in one. */
const MULTI_TENANT = ["common", "organizations", "consumers"];
const DEFAULT_SCOPE = "/.default";

/**
 * Resolves the settings of an application that gets a token for itself, like `resolveSettings()` for a user. A managed
 * identity needs neither tenant nor client ID: `MANAGED_IDENTITY` takes their place, or the chosen identity.
 *
 * @throws {CliError} `no_profile` if a value is missing, `usage` if one is invalid.
 */
export function resolveApplicationSettings(
  flags: SettingsFlags,
  env: Environment,
  profile: Profile | null,
  profileName: string,
  existing: readonly string[] = [],
): SignInSettings {
  const flow = decideFlow(flags.flow, profile);
  const requested = decideScopes(flags.scopes, profile);
  if (flow === "managed-identity") {
    const clientId = formatManagedIdentity(resolveManagedIdentity(flags, env, profile));
    const scopes = checkedScopes(requested, flow, DEFAULT_AUTHORITY);
    return {
      profile: profileName,
      hasProfile: profile !== null,
      authority: DEFAULT_AUTHORITY,
      tenant: MANAGED_IDENTITY,
      clientId,
      flow,
      scopes,
      expect: decideExpected(flags, profile),
    };
  }
  const settings = resolveSettings(flags, env, profile, profileName, existing);
  if (MULTI_TENANT.includes(settings.tenant)) {
    throw new CliError("usage", `Invalid tenant "${settings.tenant}" for ${flow}: expected a single tenant`, {
      hint: "Pass --tenant-id TENANT with the ID or domain of the application's tenant.",
    });
  }
  return { ...settings, scopes: checkedScopes(requested, flow, settings.authority) };
}

/** Returns the default scope of an application: everything that it was granted on Microsoft Graph, in its cloud. */
export function defaultApplicationScope(authority: string): string {
  return cloudOf(authority).graph + DEFAULT_SCOPE;
}

/**
 * Validates the scopes of an application. Entra returns everything that an administrator has granted on one resource, so
 * the only valid scope is `RESOURCE/.default`.
 *
 * @param authority Base URL of the authority, which determines the host of Microsoft Graph.
 * @throws {CliError} `usage` with the scope to use instead.
 */
export function checkApplicationScopes(scopes: readonly string[], flow: Flow, authority: string): void {
  const invalid = scopes.find((scope) => !isOfOneResource(scope));
  if (invalid !== undefined) {
    const expected = defaultScopeFor(invalid, authority);
    throw new CliError(
      "usage",
      `Invalid scope ${JSON.stringify(invalid)} for ${flow}: expected ${expected}`,
      {
        hint: `An application gets everything that it was granted on a resource: --scope ${expected}`,
      },
    );
  }
  const [first = "", ...others] = scopes;
  if (others.length > 0) {
    throw new CliError("usage", `${flow} gets a token for one resource, but ${scopes.length} are requested`, {
      hint: `Request one at a time, for example: --scope ${first}`,
    });
  }
}

function isOfOneResource(scope: string): boolean {
  return isDefaultScope(scope) && scope.includes("/") && !lacksResource(scope);
}

/** Returns the `.default` scope of the same resource: `https://vault.azure.net/user_impersonation` is about the vault. */
function defaultScopeFor(scope: string, authority: string): string {
  const isOfGraph = isShortScope(scope) || OPENID_SCOPES.includes(scope.toLowerCase());
  if (isOfGraph || lacksResource(scope)) return defaultApplicationScope(authority);
  return resourcePart(scope) + DEFAULT_SCOPE;
}

function checkedScopes(scopes: readonly string[], flow: Flow, authority: string): readonly string[] {
  if (scopes.length === 0) return [defaultApplicationScope(authority)];
  checkApplicationScopes(scopes, flow, authority);
  return scopes;
}

/** Returns the scopes of the flag, otherwise those of the profile. */
function decideScopes(flag: readonly string[] | undefined, profile: Profile | null): readonly string[] {
  const scopes = parseScopes(flag ?? []);
  return scopes.length > 0 ? scopes : applicationScopes(profile);
}

/** Ignores the scopes of a profile for users: they do not apply to the application. */
function applicationScopes(profile: Profile | null): readonly string[] {
  if (profile === null) return [];
  return isApplicationFlow(profile.flow) || profile.scopes.every(isDefaultScope) ? profile.scopes : [];
}
