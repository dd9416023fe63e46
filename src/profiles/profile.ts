/** How a profile signs in. */
export const FLOWS = ["interactive", "device-code"] as const;

/** The name of a flow. */
export type Flow = typeof FLOWS[number];

/** The flow of a profile that names none. */
export const DEFAULT_FLOW: Flow = "interactive";

/** A named configuration: which application signs in where, how and for what. It holds no secret. */
export interface Profile {
  /** What it is called by: unique, and never part of a path. */
  readonly name: string;
  /** Tenant: GUID, domain, `common`, `organizations` or `consumers`. */
  readonly tenantId: string;
  /** Application (client) id, a GUID. */
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
}
