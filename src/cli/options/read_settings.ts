import { resolveApplicationSettings } from "../../profiles/application_settings.ts";
import { isApplicationFlow } from "../../profiles/profile.ts";
import {
  decideFlow,
  resolveSettings,
  type SettingsFlags,
  type SignInSettings,
} from "../../profiles/settings.ts";
import type { CommandContext } from "../context.ts";

/**
 * What to sign in to, from the flags, the environment and the profile called `name`, in this order.
 *
 * @throws {CliError} `no_profile` when these leave tenant or application open, `usage` for a bad value.
 */
export async function readSettings(
  flags: SettingsFlags,
  name: string,
  { env, profiles }: CommandContext,
): Promise<SignInSettings> {
  const profile = await profiles.find(name);
  // Only a message that says what there is instead needs the others.
  const existing = profile === null ? (await profiles.list()).map((other) => other.name) : [];
  if (isApplicationFlow(decideFlow(flags.flow, profile))) {
    return resolveApplicationSettings(flags, env, profile, name, existing);
  }
  return resolveSettings(flags, env, profile, name, existing);
}
