import { CliError } from "../errors.ts";
import { isDefaultScope, parseScopes } from "../identity/scopes.ts";
import type { Environment } from "../system/environment.ts";
import { checkApplicationScopes, defaultApplicationScope } from "./application_scopes.ts";
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
