import { resolve } from "@std/path/resolve";
import {
  authorityText,
  checkAuthority,
  checkAuthorityFlags,
  checkClientId,
  checkExpectedTenant,
  checkExpectedUser,
  checkFlow,
  checkLoginHint,
  checkTenant,
  tenantOfHost,
} from "../../profiles/validate_fields.ts";
import { assertOneToken, DEFAULT_AUTHORITY, defaultScopes } from "../../profiles/settings.ts";
import { checkApplicationScopes, defaultApplicationScope } from "../../profiles/application_settings.ts";
import { type Flow, FLOWS, isApplicationFlow, type Profile } from "../../profiles/profile.ts";
import { parseScopeFlag } from "../../identity/scopes.ts";
import type { AnyCommand } from "../any_command.ts";

/** The flags that give the values of a profile, as typed. */
export interface ProfileFlags {
  /** Tenant. */
  readonly tenantId?: string | undefined;
  /** Tenant, by its other flag. */
  readonly tenant?: string | undefined;
  /** Application. */
  readonly clientId?: string | undefined;
  /** How to sign in. */
  readonly flow?: string | undefined;
  /** Scopes, each text with one or more. */
  readonly scope?: readonly string[] | undefined;
  /** Base URL of the authority. */
  readonly authority?: string | undefined;
  /** Cloud, a name for an authority. */
  readonly cloud?: string | undefined;
  /** User name to fill in. */
  readonly loginHint?: string | undefined;
  /** The only user that will do. */
  readonly expectUser?: string | undefined;
  /** The only tenant that will do. */
  readonly expectTenant?: string | undefined;
  /** Path of the application's certificate. */
  readonly certificate?: string | undefined;
  /** Whether the application's secret comes from standard input. */
  readonly clientSecretStdin?: boolean | undefined;
  /** Whether the certificate's password comes from standard input. */
  readonly certificatePasswordStdin?: boolean | undefined;
}

/** Gives `command` the flags with the values of a profile. */
export function withProfileFlags(command: AnyCommand): AnyCommand {
  return command
    .option("--tenant-id <tenant:string>", "Tenant: its ID or domain.")
    .option("--tenant <tenant:string>", "The same as --tenant-id.", { hidden: true })
    .option("--client-id <id:string>", "Application (client) ID.")
    .option("-f, --flow <flow:string>", `How to sign in: ${FLOWS.join(", ")}.`)
    .option("-s, --scope <scopes:string>", "Scopes (default User.Read, of an application all).", {
      collect: true,
    })
    .option("--authority <url:string>", "Base URL of the authority, if not the public cloud's.")
    .option("--cloud <cloud:string>", "The authority by the name of its cloud: public, usgov or china.")
    .option("--login-hint <user:string>", "User name to fill in at the sign-in page.")
    .option("--expect-user <user:string>", "The only user that will do: a user name or an object ID.")
    .option("--expect-tenant <id:string>", "The only tenant that will do: its ID.")
    .option("--certificate <file:string>", "Certificate and key that the application proves itself with.")
    .option("--client-secret-stdin", "Keep the application's secret, encrypted: it is read from stdin.")
    .option("--certificate-password-stdin", "The same for the password of its certificate.");
}

/** The values of a profile but for its name. */
export type ProfileValues = Omit<Profile, "name">;

/** The values that the flags give, checked. @throws {CliError} `usage` */
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
    certificate: checked(flags.certificate, (path) => resolve(path)),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function checked<T>(text: string | undefined, check: (text: string) => T): T | undefined {
  return text === undefined ? undefined : check(text);
}

/** The same profile, with the tenant in its authority where that names a policy of B2C. */
export function withFittingAuthority(profile: Profile): Profile {
  if (profile.authority === undefined) return profile;
  const authority = { ...checkAuthority(profile.authority), tenant: profile.tenantId };
  return { ...profile, authority: authorityText(authority) };
}

/**
 * What is asked for where nobody says what.
 *
 * @param authority As a profile names it; absent means the public cloud's.
 */
export function scopesByDefault(
  flow: Flow,
  authority: string | undefined,
  clientId: string,
): readonly string[] {
  const { base, policy } = checkAuthority(authority ?? DEFAULT_AUTHORITY);
  return isApplicationFlow(flow) ? [defaultApplicationScope(base)] : defaultScopes({ policy }, clientId);
}

/** Refuses scopes that the flow can't ask for, or not in one request. @throws {CliError} `usage` */
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
