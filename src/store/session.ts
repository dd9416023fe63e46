import { PROFILE_ID_PATTERN, type ProfileIdentity } from "../identity/profile_identity.ts";
import type { Account, Token } from "../identity/token.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../text/json.ts";
import { Secret } from "../text/secret.ts";
import { damagedContent } from "./store_error.ts";

/** Identifies a session: a profile, and the authority, tenant and client that it was used with. */
export interface SessionKey {
  readonly profile: string;
  /** The identity of the profile: a profile recreated under the same name has another one. */
  readonly identity: ProfileIdentity | null;
  /** Base URL of the authority, without the tenant, such as `https://login.microsoftonline.com`. */
  readonly authority: string;
  /** The configured tenant: GUID, domain, `common`, `organizations` or `consumers`. */
  readonly tenant: string;
  /** Application (client) ID. For a managed identity, the text that identifies it. */
  readonly clientId: string;
  /**
   * Whose tokens they are. Absent for a user: the tokens of an application are never returned for a user, nor the other
   * way round.
   */
  readonly owner?: "application" | undefined;
}

/** An access token in the store. */
export interface CachedToken extends Token {
  /** The scopes as requested: the authority may spell the granted ones differently. */
  readonly requestedScopes: readonly string[];
  /** When it was obtained, in seconds since 1970. */
  readonly obtainedAt: number;
}

/** The result of a sign-in: the account, its access tokens, and what a silent refresh needs. */
export interface Session extends SessionKey {
  /** The user, or null for a session of an application. */
  readonly account: Account | null;
  /** The access tokens, for different scopes. */
  readonly tokens: readonly CachedToken[];
  /**
   * MSAL's serialized cache with the refresh token, opaque to all but the token client. Empty if only a sign-in gives
   * another refresh token.
   */
  readonly msalCache: Secret;
  /** Why the authority declared the refresh token invalid. */
  readonly refusal?: Refusal | undefined;
}

/** The part of a session that a list shows. */
export interface SessionSummary extends SessionKey {
  readonly account: Account | null;
  /** When the last of its access tokens expires, in seconds since 1970; null if it has none. */
  readonly expiresAt: number | null;
}

/** What an error said, to show it again. */
export interface Refusal {
  readonly message: string;
  readonly hint?: string | undefined;
  readonly aadsts?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly description?: string | undefined;
}

/** The kind of a record with a session. */
export const SESSION = "session";

/**
 * Returns what the record of a session is bound to: the profile and the account. Both are authenticated with the record,
 * so that it cannot be passed off as that of another profile or account.
 */
export function sessionBinding(
  { identity, account }: Pick<Session, "identity" | "account">,
): string | undefined {
  if (identity === null) return undefined;
  return [identity.id, identity.generation, account?.homeAccountId ?? ""].join(" ");
}

/** Reports whether two sessions have the same name of a profile, authority, tenant, application and owner. */
export function isSameKey(a: SessionKey, b: SessionKey): boolean {
  return a.profile === b.profile && a.authority === b.authority && a.tenant === b.tenant &&
    a.clientId === b.clientId && a.owner === b.owner;
}

/** Formats a session as JSON with its secrets in plain text. Only for encryption. */
export function formatSession(session: Session): Uint8Array {
  const { profile, identity, authority, tenant, clientId, owner, account, tokens, msalCache, refusal } =
    session;
  return new TextEncoder().encode(JSON.stringify({
    profile,
    identity: identity ?? undefined,
    authority,
    tenant,
    clientId,
    owner,
    account,
    tokens: tokens.map((token) => ({ ...token, accessToken: token.accessToken.reveal() })),
    msalCache: msalCache.reveal(),
    refusal,
  }));
}

/** Parses what {@linkcode formatSession} returns. @throws {CliError} `unreadable_store` for an invalid field. */
export function parseSession(data: Uint8Array): Session {
  const record = validateObject(parseJsonObject(data), "a session");
  return {
    ...sessionKeyFields(record),
    account: accountField(record),
    tokens: listField(record, "tokens").map(parseToken),
    msalCache: new Secret(textField(record, "msalCache")),
    refusal: refusalField(record),
  };
}

export function summarizeSession(session: Session): SessionSummary {
  const { tokens, msalCache: _cache, refusal: _refusal, ...rest } = session;
  const expiresAt = tokens.length === 0 ? null : Math.max(...tokens.map((token) => token.expiresAt));
  return { ...rest, expiresAt };
}

/**
 * Formats a summary as a JSON value, as short as possible, because a list reads those of all profiles: an array without
 * the profile, which the directory of the file names.
 */
export function formatSummary(
  { authority, tenant, clientId, owner, identity, account, expiresAt }: SessionSummary,
): unknown[] {
  return [
    authority,
    tenant,
    clientId,
    owner ?? null,
    identity === null ? null : [identity.id, identity.generation],
    account === null ? null : shortAccount(account),
    expiresAt,
  ];
}

function shortAccount({ username, objectId, tenantId, homeAccountId }: Account): string[] {
  const isUsual = homeAccountId === `${objectId}.${tenantId}`;
  return [username, objectId, tenantId, ...(isUsual ? [] : [homeAccountId])];
}

/** Validates a parsed summary of a session of `profile`. @throws {CliError} `unreadable_store` for an invalid field. */
export function validateSummary(value: unknown, profile: string): SessionSummary {
  const [authority, tenant, clientId, owner, identity, account, expiresAt] = validateArray(value);
  return {
    profile,
    identity: identity === null ? null : validateIdentity(...validateArray(identity)),
    authority: validateText(authority, "authority"),
    tenant: validateText(tenant, "tenant"),
    clientId: validateText(clientId, "clientId"),
    owner: validateOwner(owner ?? undefined),
    account: account === null ? null : longAccount(...validateArray(account)),
    expiresAt: expiresAt === null ? null : validateNumber(expiresAt, "expiresAt"),
  };
}

function longAccount(
  username?: unknown,
  objectId?: unknown,
  tenantId?: unknown,
  homeAccountId: unknown = `${objectId}.${tenantId}`,
): Account {
  return {
    homeAccountId: validateText(homeAccountId, "homeAccountId"),
    username: validateText(username, "username"),
    objectId: validateText(objectId, "objectId"),
    tenantId: validateText(tenantId, "tenantId"),
  };
}

function validateArray(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw damagedContent("a summary is not an array");
  return value;
}

function sessionKeyFields(record: JsonObject): SessionKey {
  return {
    profile: textField(record, "profile"),
    identity: identityField(record),
    authority: textField(record, "authority"),
    tenant: textField(record, "tenant"),
    clientId: textField(record, "clientId"),
    owner: validateOwner(field(record, "owner")),
  };
}

function validateObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw damagedContent(`${what} is not an object`);
  return value;
}

/** Returns an own property: nothing comes from a prototype. */
function field(fields: JsonObject, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function textField(fields: JsonObject, name: string): string {
  return validateText(field(fields, name), name);
}

function validateText(value: unknown, name: string): string {
  if (typeof value !== "string") throw damagedContent(`${name} is not a string`);
  return value;
}

function numberField(fields: JsonObject, name: string): number {
  return validateNumber(field(fields, name), name);
}

function validateNumber(value: unknown, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw damagedContent(`${name} is not a number`);
  return value;
}

function listField(fields: JsonObject, name: string): unknown[] {
  const value = field(fields, name);
  if (!Array.isArray(value)) throw damagedContent(`${name} is not an array`);
  return value;
}

function scopesField(fields: JsonObject, name: string): string[] {
  return listField(fields, name).map((scope) => {
    if (typeof scope !== "string") throw damagedContent(`${name} has an element that is not a string`);
    return scope;
  });
}

function identityField(record: JsonObject): ProfileIdentity | null {
  const value = field(record, "identity");
  if (value === undefined) return null;
  const identity = validateObject(value, "identity");
  return validateIdentity(field(identity, "id"), field(identity, "generation"));
}

function validateIdentity(id?: unknown, generation?: unknown): ProfileIdentity {
  const identity = { id: validateText(id, "id"), generation: validateNumber(generation, "generation") };
  if (!PROFILE_ID_PATTERN.test(identity.id)) throw damagedContent("id is not the id of a profile");
  return identity;
}

function validateOwner(owner: unknown): "application" | undefined {
  if (owner !== undefined && owner !== "application") throw damagedContent("owner is not application");
  return owner;
}

function accountField(fields: JsonObject): Account | null {
  const value = field(fields, "account");
  if (value === null) return null;
  const account = validateObject(value, "account");
  return {
    homeAccountId: textField(account, "homeAccountId"),
    username: textField(account, "username"),
    objectId: textField(account, "objectId"),
    tenantId: textField(account, "tenantId"),
  };
}

function refusalField(record: JsonObject): Refusal | undefined {
  const value = field(record, "refusal");
  if (value === undefined) return undefined;
  const refusal = validateObject(value, "refusal");
  const optional = (name: string) =>
    field(refusal, name) === undefined ? undefined : textField(refusal, name);
  return {
    message: textField(refusal, "message"),
    hint: optional("hint"),
    aadsts: optional("aadsts"),
    correlationId: optional("correlationId"),
    description: optional("description"),
  };
}

function parseToken(value: unknown): CachedToken {
  const token = validateObject(value, "a token");
  if (textField(token, "tokenType") !== "Bearer") throw damagedContent("tokenType is not Bearer");
  return {
    accessToken: new Secret(textField(token, "accessToken")),
    tokenType: "Bearer",
    scopes: scopesField(token, "scopes"),
    requestedScopes: scopesField(token, "requestedScopes"),
    expiresAt: numberField(token, "expiresAt"),
    obtainedAt: numberField(token, "obtainedAt"),
    ...(field(token, "refreshAt") === undefined ? {} : { refreshAt: numberField(token, "refreshAt") }),
    account: accountField(token),
  };
}
