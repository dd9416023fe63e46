import { CliError } from "../../errors.ts";
import type { KeptSignIn } from "../../flows/tokens/store_status.ts";
import { isApplicationFlow, type Profile } from "../../profiles/profile.ts";
import { resolveSettings, type SignInSettings } from "../../profiles/settings.ts";
import type { CommandContext } from "../context.ts";
import { utcTime } from "./local_time.ts";

/** A profile, and who is signed in to it. */
export interface DescribedProfile {
  /** The profile. */
  readonly profile: Profile;
  /** Its sign-in; null where nobody is signed in, or the tokens can't be read. */
  readonly signIn: KeptSignIn | null;
}

/**
 * Finds who is signed in to each of these profiles. Tokens that can't be read are no reason not to show a profile: that
 * is said, and nobody is taken to be signed in.
 *
 * @throws {CliError} `permission`
 */
export async function describeProfiles(
  profiles: readonly Profile[],
  { flows, terminal, env }: Pick<CommandContext, "flows" | "terminal" | "env">,
): Promise<DescribedProfile[]> {
  let signIns: readonly KeptSignIn[] = [];
  try {
    if (profiles.length > 0) signIns = (await flows.storeStatus()).signIns;
  } catch (error) {
    if (!(error instanceof CliError) || !["store", "unreadable_store"].includes(error.code)) throw error;
    terminal.say(`Warning: who is signed in can't be told. ${error.message}`);
    if (error.hint !== undefined) terminal.say(`Hint: ${error.hint.replaceAll("\n", "\n      ")}`);
  }
  return profiles.map((profile) => ({ profile, signIn: signInOf(profile, signIns, env) }));
}

/** A profile as programs read it. */
export function profileDocument({ profile, signIn }: DescribedProfile): Record<string, unknown> {
  const account = signIn?.session.account ?? null;
  const expiresAt = signIn?.expiresAt ?? null;
  return {
    name: profile.name,
    tenant_id: profile.tenantId,
    client_id: profile.clientId,
    flow: profile.flow,
    scope: profile.scopes.join(" "),
    authority: profile.authority ?? null,
    login_hint: profile.loginHint ?? null,
    expect_user: profile.expectUser ?? null,
    expect_tenant: profile.expectTenant ?? null,
    certificate: profile.certificate ?? null,
    account: account === null ? null : {
      username: account.username,
      object_id: account.objectId,
      tenant_id: account.tenantId,
    },
    expires_at: expiresAt === null ? null : utcTime(expiresAt),
    expired: expiresAt === null ? null : signIn?.isExpired ?? null,
  };
}

/** Who is signed in, for people. */
export function accountName(signIn: KeptSignIn | null): string | null {
  if (signIn === null) return null;
  const { account } = signIn.session;
  return account === null ? "(application)" : account.username === "" ? account.objectId : account.username;
}

/**
 * The sign-in that the profile leads to in this environment: one with other flags may be kept beside it. An application's
 * own tokens are found by their having no account.
 */
function signInOf(
  profile: Profile,
  signIns: readonly KeptSignIn[],
  env: CommandContext["env"],
): KeptSignIn | null {
  const own = signIns.filter(({ session }) => session.profile === profile.name);
  if (isApplicationFlow(profile.flow)) return own.find(({ session }) => session.account === null) ?? null;
  if (own.length === 0) return null;
  const settings = settingsOf(profile, env);
  const found = own.find(({ session }) =>
    session.authority === settings?.authority && session.tenant === settings.tenant &&
    session.clientId === settings.clientId
  );
  return found ?? null;
}

/** What a command with this profile would sign in to; null where that contradicts itself, which nobody asked yet. */
function settingsOf(profile: Profile, env: CommandContext["env"]): SignInSettings | null {
  try {
    return resolveSettings({}, env, profile, profile.name);
  } catch (error) {
    if (error instanceof CliError && error.code === "usage") return null;
    throw error;
  }
}
