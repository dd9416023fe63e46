import { CliError } from "../../errors.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import { checkApplicationScopes, defaultApplicationScope } from "../../profiles/application_settings.ts";
import { type Flow, isApplicationFlow, type Profile } from "../../profiles/profile.ts";
import { assertOneToken, DEFAULT_AUTHORITY, defaultScopes } from "../../profiles/settings.ts";
import {
  authorityText,
  checkAuthority,
  checkAuthorityFlags,
  checkClientId,
  checkExpectedTenant,
  checkExpectedUser,
  checkFlow,
  checkLoginHint,
  checkProfileName,
  checkTenant,
  tenantOfHost,
} from "../../profiles/validate_fields.ts";
import { systemPath } from "../../system/path.ts";
import { plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import { hintText } from "../terminal/hint_text.ts";
import type { CommandName } from "./command_options.ts";
import { EDIT_PROFILE_OPTIONS, type NameFlags, type ProfileFlags } from "./profile_options.ts";

/**
 * Returns the name of the profile to change. Commands that change a profile never use the default one, so that nothing
 * happens to it by mistake.
 *
 * @throws {CliError} `usage` for no name, two names, or an invalid one.
 */
export function namedProfile(flags: NameFlags, command: CommandName): string {
  const { name, profile } = EDIT_PROFILE_OPTIONS;
  if (flags.name !== undefined && flags.profile !== undefined && flags.name !== flags.profile) {
    throw new CliError("usage", `${name.flag} and ${profile.flag} name different profiles`, {
      hint: "Remove one of them.",
    });
  }
  const typed = flags.name ?? flags.profile;
  if (typed !== undefined) return checkProfileName(typed);
  throw new CliError("usage", `Missing profile name: expected it after ${command}, or ${name.flag} NAME`, {
    hint: `entra-auth-cli list-profiles\nSee: entra-auth-cli ${command} --help`,
  });
}

/** The values of a profile without its name. */
export type ProfileValues = Omit<Profile, "name">;

/** Returns the values in the flags, validated. @throws {CliError} `usage` */
export function profileValues(flags: ProfileFlags): Partial<ProfileValues> {
  const authority = checkAuthorityFlags(flags.cloud, flags.authority);
  const authorityTenant = authority === null ? null : authority.tenant ?? tenantOfHost(authority);
  const values = {
    tenantId: checked(flags.tenantId ?? flags.tenant ?? authorityTenant ?? undefined, checkTenant),
    clientId: checked(flags.clientId, checkClientId),
    flow: checked(flags.flow, checkFlow),
    scopes: parseScopeFlag(flags.scope),
    authority: authority === null ? undefined : authorityText(authority),
    loginHint: checked(flags.loginHint, checkLoginHint),
    expectUser: checked(flags.expectUser, checkExpectedUser),
    expectTenant: checked(flags.expectTenant, checkExpectedTenant),
    certificate: checked(flags.certificate, (path) => systemPath.resolve(path)),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function checked<T>(text: string | undefined, check: (text: string) => T): T | undefined {
  return text === undefined ? undefined : check(text);
}

/** Returns the profile with its tenant in the authority, if the authority names a B2C policy. */
export function withFittingAuthority(profile: Profile): Profile {
  if (profile.authority === undefined) return profile;
  const authority = { ...checkAuthority(profile.authority), tenant: profile.tenantId };
  return { ...profile, authority: authorityText(authority) };
}

/** Warns of the authority and the certificate of a profile that this executable was built without access to. */
export function warnOfNarrowBuild(
  { authority = DEFAULT_AUTHORITY, certificate }: Profile,
  { terminal, missingInBuild }: Pick<CommandContext, "terminal" | "missingInBuild">,
): void {
  const { hostname, port } = new URL(checkAuthority(authority).base);
  const host = port === "" ? hostname : `${hostname}:${port}`;
  const warn = (action: string, hint: string | null) => {
    if (hint === null) return;
    terminal.writeMessage(`warning: this executable may not ${action}`);
    terminal.writeMessage(hintText(hint));
  };
  warn(`connect to ${host}`, missingInBuild({ name: "net", host }));
  if (certificate === undefined) return;
  warn(`read ${plainText(certificate)}`, missingInBuild({ name: "read", path: certificate }));
}

/** Returns the scopes of a profile that names none. Without an authority it is in the public cloud. */
export function scopesByDefault(
  flow: Flow,
  authority: string | undefined,
  { clientId, tenantId }: Pick<Profile, "clientId" | "tenantId">,
): readonly string[] {
  const { base, policy } = checkAuthority(authority ?? DEFAULT_AUTHORITY);
  return isApplicationFlow(flow)
    ? [defaultApplicationScope(base)]
    : defaultScopes({ policy, tenant: tenantId }, clientId);
}

/** Refuses scopes that the flow cannot request, or not in one request. @throws {CliError} `usage` */
export function assertFittingScopes(
  { name, flow, scopes, authority = DEFAULT_AUTHORITY }: Pick<
    Profile,
    "name" | "flow" | "scopes" | "authority"
  >,
): void {
  const { base } = checkAuthority(authority);
  assertOneToken(scopes, base, name);
  if (isApplicationFlow(flow)) checkApplicationScopes(scopes, flow, base);
}
