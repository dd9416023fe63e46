import { parseScopeFlag } from "../../identity/scopes.ts";
import { resolveApplicationSettings } from "../../profiles/application_settings.ts";
import { isApplicationFlow } from "../../profiles/profile.ts";
import { decideFlow, resolveSettings, type SignInSettings } from "../../profiles/settings.ts";
import { checkProfileName } from "../../profiles/validate_fields.ts";
import type { Environment } from "../../system/environment.ts";
import type { CommandContext } from "../context.ts";
import type { TokenFlags } from "./token_options.ts";

/**
 * Returns the name of the profile to use: the flag, `$ENTRA_AUTH_CLI_PROFILE`, or `default`.
 *
 * @throws {CliError} `usage` for an invalid profile name.
 */
export function profileName(flag: string | undefined, env: Environment): string {
  return checkProfileName(flag ?? env.get("ENTRA_AUTH_CLI_PROFILE") ?? "default");
}

/** The flags that decide the settings of a sign-in. */
export type SettingsFlags = Pick<
  TokenFlags,
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

/**
 * Returns the settings of a sign-in: from the flags, the environment and the profile called `name`, in this order.
 *
 * @throws {CliError} `no_profile` if these leave tenant or application open, `usage` for an invalid value.
 */
export async function readSettings(
  flags: SettingsFlags,
  name: string,
  { env, profiles }: CommandContext,
): Promise<SignInSettings> {
  const { scope, tenant, tenantId = tenant, ...others } = flags;
  const typed = { ...others, tenantId, scopes: parseScopeFlag(scope) };
  const profile = await profiles.find(name);
  // Only the error for a missing profile names the others.
  const existing = profile === null ? (await profiles.list()).map((other) => other.name) : [];
  if (isApplicationFlow(decideFlow(typed.flow, profile))) {
    return resolveApplicationSettings(typed, env, profile, name, existing);
  }
  return resolveSettings(typed, env, profile, name, existing);
}

/** Added to the hint if a profile has no token and does not exist either: its name may be misspelled. */
export const NO_SUCH_PROFILE =
  "This profile does not exist either. List all profiles: entra-auth-cli list-profiles";
