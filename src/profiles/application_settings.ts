import { CliError } from "../errors.ts";
import { isDefaultScope, OPENID_SCOPES, parseScopes } from "../identity/scopes.ts";
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
import { cloudOf } from "../identity/cloud.ts";

/** Names that stand for many tenants: an application is known to one. */
const MANY_TENANTS = ["common", "organizations", "consumers"];

/**
 * Decides how an application gets a token for itself, as `resolveSettings()` does for a person. A managed identity
 * needs neither tenant nor application: `MANAGED_IDENTITY` stands in their place, or the identity that was chosen.
 *
 * @throws {CliError} `no_profile` when something is missing, `usage` when something is wrong.
 */
export function resolveApplicationSettings(
  flags: SettingsFlags,
  env: Environment,
  profile: Profile | null,
  profileName: string,
  existing: readonly string[] = [],
): SignInSettings {
  const flow = decideFlow(flags.flow, profile);
  const asked = decideScopes(flags.scopes, profile);
  if (flow === "managed-identity") {
    const clientId = formatManagedIdentity(resolveManagedIdentity(flags, env, profile));
    const scopes = checkedScopes(asked, flow, DEFAULT_AUTHORITY);
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
  if (MANY_TENANTS.includes(settings.tenant)) {
    throw new CliError("usage", `${flow} needs one tenant, and '${settings.tenant}' stands for many`, {
      hint: "Name the tenant that the application is in: --tenant-id TENANT, its ID or domain.",
    });
  }
  return { ...settings, scopes: checkedScopes(asked, flow, settings.authority) };
}

function checkedScopes(scopes: readonly string[], flow: Flow, authority: string): readonly string[] {
  if (scopes.length === 0) return [defaultApplicationScope(authority)];
  checkApplicationScopes(scopes, flow, authority);
  return scopes;
}

/** What is asked for, by a flag or the profile; nothing where neither says so. */
function decideScopes(typed: readonly string[] | undefined, profile: Profile | null): readonly string[] {
  const scopes = parseScopes(typed ?? []);
  return scopes.length > 0 ? scopes : keptScopes(profile);
}

/** A profile that people sign in with has scopes for people, which say nothing about the application. */
function keptScopes(profile: Profile | null): readonly string[] {
  if (profile === null) return [];
  return isApplicationFlow(profile.flow) || profile.scopes.every(isDefaultScope) ? profile.scopes : [];
}

const DEFAULT = "/.default";

/** What an application asks for when nothing is named: all that it was granted on Microsoft Graph, of its cloud. */
export function defaultApplicationScope(authority: string): string {
  return cloudOf(authority).graph + DEFAULT;
}

/**
 * Checks what an application asks for itself. Entra gives it all that an administrator granted on one resource, so the
 * one scope there is is `RESOURCE/.default`.
 *
 * @param authority Base URL of the authority, which says whose Microsoft Graph is meant.
 * @throws {CliError} `usage` that names the scope to ask for instead.
 */
export function checkApplicationScopes(scopes: readonly string[], flow: Flow, authority: string): void {
  const wrong = scopes.find((scope) => !isOfOneResource(scope));
  if (wrong !== undefined) {
    throw new CliError("usage", `Scope ${JSON.stringify(wrong)} can't be asked for with ${flow}`, {
      hint: `An application gets what it was granted on a resource: --scope ${
        defaultScopeFor(wrong, authority)
      }`,
    });
  }
  const [first = "", ...others] = scopes;
  if (others.length > 0) {
    throw new CliError("usage", `${flow} gives a token for one resource, and ${scopes.length} are named`, {
      hint: `Ask for one at a time, as in --scope ${first}`,
    });
  }
}

function isOfOneResource(scope: string): boolean {
  return isDefaultScope(scope) && scope.indexOf("/") > 0;
}

/** The scope that covers what was meant: `https://vault.azure.net/user_impersonation` is about the vault. */
function defaultScopeFor(scope: string, authority: string): string {
  const isOfGraph = !scope.includes("/") || OPENID_SCOPES.includes(scope.toLowerCase());
  if (isOfGraph || scope.startsWith("/")) return defaultApplicationScope(authority);
  const end = scope.indexOf("/", scope.indexOf("://") + 3);
  const isResource = scope.includes("://") && (end === -1 || end === scope.length - 1);
  return (isResource ? scope.replace(/\/$/, "") : scope.slice(0, scope.lastIndexOf("/"))) + DEFAULT;
}
