import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";

export const FLOWS = [
  "interactive",
  "device-code",
  "authorization-code",
  "client-credentials",
  "managed-identity",
] as const;

/** How a profile gets a token. */
export type Flow = typeof FLOWS[number];

/** The name of the profile that commands use if no other is named or chosen. */
export const DEFAULT_PROFILE = "default";

/** The flow of a profile that names none. */
export const DEFAULT_FLOW: Flow = "interactive";

/** A flow that gets a token for the application itself. */
export type ApplicationFlow = "client-credentials" | "managed-identity";

/** Reports whether the token of this flow is for the application itself, without a user. */
export function isApplicationFlow(flow: Flow): flow is ApplicationFlow {
  return flow === "client-credentials" || flow === "managed-identity";
}

/** Reports whether the application authenticates in this flow, with a secret, a certificate or an assertion. */
export function needsCredential(flow: Flow): boolean {
  return flow === "client-credentials" || flow === "authorization-code";
}

/** Takes the place of tenant and client ID for a managed identity, which has its own ones that cannot be configured. */
export const MANAGED_IDENTITY = "managed-identity";

/** A named configuration: which application signs in where, how and for which scopes. It contains no secret. */
export interface Profile {
  /** Unique, and never part of a path. */
  readonly name: string;
  /** A GUID, a domain, `common`, `organizations` or `consumers`. Empty for a managed identity. */
  readonly tenantId: string;
  /** Application (client) ID, a GUID. For a managed identity, the ID of a user-assigned one, or empty. */
  readonly clientId: string;
  readonly flow: Flow;
  /** The scopes to request without `--scope`. */
  readonly scopes: readonly string[];
  /** Base URL of the authority; absent for the public cloud. */
  readonly authority?: string | undefined;
  /** The user name to fill in at the sign-in page. */
  readonly loginHint?: string | undefined;
  /** The only accepted user: a user name or an object ID. */
  readonly expectUser?: string | undefined;
  /** The only accepted tenant, a GUID. */
  readonly expectTenant?: string | undefined;
  /** Path of the certificate, with its key, that the application authenticates with. */
  readonly certificate?: string | undefined;
}

export function noSuchProfile(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' does not exist`, {
    hint: "entra-auth-cli list-profiles",
  });
}

export function nameTaken(name: string): CliError {
  return new CliError("usage", `Profile '${name}' already exists`, {
    hint: `entra-auth-cli edit-profile --name ${shellWord(name)}\nThis changes it. Or choose another name.`,
  });
}

/** Returns the error for a profile that was recreated or renamed since the command began. */
export function profileReplacedError(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' was replaced by another one while the command ran`, {
    hint: `Get a token of the new one: entra-auth-cli get-token --profile ${shellWord(name)}`,
  });
}

/** Returns the error for a profile that was deleted since the command began. */
export function profileDeletedError(name: string): CliError {
  return new CliError("no_profile", `Profile '${name}' was deleted while the command ran`, {
    hint: `Create it again: entra-auth-cli create-profile --name ${shellWord(name)}`,
  });
}
