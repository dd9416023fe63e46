import type { Secret } from "../text/secret.ts";
import type { Account, Token } from "../identity/token.ts";

/** What a signed-in session is found by: a profile, and the authority, tenant and client it was used with. */
export interface SessionKey {
  /** Profile name. */
  readonly profile: string;
  /** Base URL of the authority, without the tenant, such as `https://login.microsoftonline.com`. */
  readonly authority: string;
  /** Tenant as configured: GUID, domain, `common`, `organizations` or `consumers`. */
  readonly tenant: string;
  /** Application (client) id. For a managed identity, what names the identity. */
  readonly clientId: string;
  /** Whose tokens they are. Absent means a person's: an application's are never given for a person's, nor the other way round. */
  readonly owner?: "application";
}

/** An access token as it is kept. */
export interface CachedToken extends Token {
  /** The scopes as they were asked for: the authority may name the granted ones differently. */
  readonly requestedScopes: readonly string[];
  /** When it was obtained, in seconds since 1970. */
  readonly obtainedAt: number;
}

/** What one sign-in left behind: the account, its access tokens, and what a silent refresh needs. */
export interface Session extends SessionKey {
  /** The user, or null for a session of an application. */
  readonly account: Account | null;
  /** The access tokens, for different scopes. */
  readonly tokens: readonly CachedToken[];
  /** MSAL's serialized cache with the refresh token, opaque to all but the token client. */
  readonly msalCache: Secret;
}
