import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";

/** How a profile signs in. */
export const FLOWS = [
  "interactive",
  "device-code",
  "authorization-code",
  "client-credentials",
  "managed-identity",
] as const;

/** The name of a flow. */
export type Flow = typeof FLOWS[number];

/** The flow of a profile that names none. */
export const DEFAULT_FLOW: Flow = "interactive";

/** A flow whose token is for the application itself. */
export type ApplicationFlow = "client-credentials" | "managed-identity";

/** A flow in which a person signs in. */
export type UserFlow = Exclude<Flow, ApplicationFlow>;

/** Whether the token of this flow is for the application itself: no person is asked for it, ever. */
export function isApplicationFlow(flow: Flow): flow is ApplicationFlow {
  return flow === "client-credentials" || flow === "managed-identity";
}

/** Whether the application proves itself in this flow, by a secret, a certificate or an assertion. */
export function needsCredential(flow: Flow): boolean {
  return flow === "client-credentials" || flow === "authorization-code";
}

/** Stands where tenant and application are named, for a managed identity: it has its own, which nobody configures. */
export const MANAGED_IDENTITY = "managed-identity";

/** A named configuration: which application signs in where, how and for what. It holds no secret. */
export interface Profile {
  /** What it is called by: unique, and never part of a path. */
  readonly name: string;
  /** Tenant: GUID, domain, `common`, `organizations` or `consumers`. Empty for a managed identity, which has its own. */
  readonly tenantId: string;
  /** Application (client) id, a GUID. For a managed identity the user-assigned one's; empty means the machine's own. */
  readonly clientId: string;
  /** How it signs in. */
  readonly flow: Flow;
  /** Scopes asked for when `--scope` isn't given. */
  readonly scopes: readonly string[];
  /** Base URL of the authority; absent means the public cloud. */
  readonly authority?: string;
  /** User name to fill in at the sign-in page. */
  readonly loginHint?: string;
  /** The only user whose tokens it gives: a user name or an object id. */
  readonly expectUser?: string;
  /** The only tenant whose tokens it gives, a GUID. */
  readonly expectTenant?: string;
  /** Path of the certificate, with its key, that the application proves itself with. */
  readonly certificate?: string;
}

/** The error for a profile that isn't there. */
export function noSuchProfile(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' does not exist`, {
    hint: "See what there is: entra-auth-cli list-profiles",
  });
}

/** The error for a new profile whose name is taken. */
export function nameTaken(name: string): CliError {
  return new CliError("usage", `Profile '${name}' exists already`, {
    hint: `Choose another name, or delete it first: entra-auth-cli delete-profile --name ${shellWord(name)}`,
  });
}

/** Returns the error for a profile that was deleted since the command began. */
export function profileDeletedError(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' was deleted while the command ran`, {
    hint: `Create it again: entra-auth-cli create-profile --name ${shellWord(name)}`,
  });
}
