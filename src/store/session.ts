import { Secret } from "../text/secret.ts";
import type { Account, Token } from "../identity/token.ts";
import { damagedContent } from "./store_error.ts";

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

/** The kind of record that holds a session. */
export const SESSION = "session";

/** A session as the bytes of a record: JSON with its secrets in the clear. Only for encryption. */
export function formatSession(session: Session): Uint8Array {
  const { profile, authority, tenant, clientId, owner, account, tokens, msalCache } = session;
  return new TextEncoder().encode(JSON.stringify({
    profile,
    authority,
    tenant,
    clientId,
    owner,
    account,
    tokens: tokens.map((token) => ({ ...token, accessToken: token.accessToken.reveal() })),
    msalCache: msalCache.reveal(),
  }));
}

/** The session in a record. @throws {CliError} `unreadable_store` when a field is not what {@linkcode formatSession} writes. */
export function parseSession(data: Uint8Array): Session {
  const record = parseRecord(data);
  return {
    profile: textField(record, "profile"),
    authority: textField(record, "authority"),
    tenant: textField(record, "tenant"),
    clientId: textField(record, "clientId"),
    ...(isOfApplication(record) ? { owner: "application" } : {}),
    account: accountField(record),
    tokens: listField(record, "tokens").map(parseToken),
    msalCache: new Secret(textField(record, "msalCache")),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Whether two sessions are of the same profile, authority, tenant, application and owner. */
export function isSameKey(a: SessionKey, b: SessionKey): boolean {
  return a.profile === b.profile && a.authority === b.authority && a.tenant === b.tenant &&
    a.clientId === b.clientId && a.owner === b.owner;
}

function parseRecord(data: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    // The parser's message quotes what it read, which holds secrets.
    throw damagedContent("a session is not JSON");
  }
  return fieldsOf(value, "a session");
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw damagedContent(`${what} is not an object`);
  }
  return value as Fields;
}

/** Only fields of its own count: nothing comes from a prototype. */
function field(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function textField(fields: Fields, name: string): string {
  const value = field(fields, name);
  if (typeof value !== "string") throw damagedContent(`${name} is not a text`);
  return value;
}

function secondsField(fields: Fields, name: string): number {
  const value = field(fields, name);
  if (typeof value !== "number" || !Number.isFinite(value)) throw damagedContent(`${name} is not a number`);
  return value;
}

function listField(fields: Fields, name: string): unknown[] {
  const value = field(fields, name);
  if (!Array.isArray(value)) throw damagedContent(`${name} is not a list`);
  return value;
}

function scopesField(fields: Fields, name: string): string[] {
  return listField(fields, name).map((scope) => {
    if (typeof scope !== "string") throw damagedContent(`${name} holds something that is not a text`);
    return scope;
  });
}

function isOfApplication(record: Fields): boolean {
  const owner = field(record, "owner");
  if (owner !== undefined && owner !== "application") {
    throw damagedContent("owner is neither left out nor application");
  }
  return owner !== undefined;
}

function accountField(fields: Fields): Account | null {
  const value = field(fields, "account");
  if (value === null) return null;
  const account = fieldsOf(value, "account");
  return {
    homeAccountId: textField(account, "homeAccountId"),
    username: textField(account, "username"),
    objectId: textField(account, "objectId"),
    tenantId: textField(account, "tenantId"),
  };
}

function parseToken(value: unknown): CachedToken {
  const token = fieldsOf(value, "a token");
  if (textField(token, "tokenType") !== "Bearer") throw damagedContent("tokenType is not Bearer");
  return {
    accessToken: new Secret(textField(token, "accessToken")),
    tokenType: "Bearer",
    scopes: scopesField(token, "scopes"),
    requestedScopes: scopesField(token, "requestedScopes"),
    expiresAt: secondsField(token, "expiresAt"),
    obtainedAt: secondsField(token, "obtainedAt"),
    account: accountField(token),
  };
}
