import { cloudOf } from "./cloud.ts";
import { CliError } from "../errors.ts";

/** Scopes that make a sign-in an OpenID Connect one and give a refresh token; they belong to no resource. */
export const OPENID_SCOPES: readonly string[] = ["openid", "profile", "offline_access", "email"];

/** What RFC 6749 section 3.3 allows in a scope: printable ASCII but space, `"` and `\`. */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Splits what a user typed into single scopes: one string with spaces or commas, several strings, or both.
 * Duplicates are dropped, the order is kept.
 *
 * @throws {CliError} `usage` when a scope holds a character that RFC 6749 section 3.3 doesn't allow.
 */
export function parseScopes(typed: readonly string[]): string[] {
  const scopes = [...new Set(typed.flatMap((text) => text.split(/[\s,]+/)).filter((scope) => scope !== ""))];
  for (const scope of scopes) {
    if (!SCOPE.test(scope)) {
      throw new CliError("usage", `Scope has a character that is not allowed: ${JSON.stringify(scope)}`, {
        hint: 'Separate scopes with spaces, as in --scope "User.Read Mail.Read".',
      });
    }
  }
  return scopes;
}

/**
 * The scopes of the flag `--scope`; undefined where it wasn't given. One that names none is a mistake, such as
 * `--scope "$A $B"` where neither is set, and would be taken for all that the profile has.
 *
 * @throws {CliError} `usage` for that, and what {@linkcode parseScopes} throws.
 */
export function parseScopeFlag(typed: readonly string[] | undefined): string[] | undefined {
  if (typed === undefined) return undefined;
  const scopes = parseScopes(typed);
  if (scopes.length > 0) return scopes;
  throw new CliError("usage", "--scope names no scope", {
    hint: 'Name one or more, as in --scope "User.Read Mail.Read", or leave it out.',
  });
}

/**
 * One spelling for a scope, to compare by: Entra ignores case, and takes `User.Read` for
 * `https://graph.microsoft.com/User.Read`, or for that of the Graph in the cloud of `authority`.
 */
export function canonicalScope(scope: string, authority: string): string {
  return withResource(scope, authority).toLowerCase();
}

/** The scopes as they are sent to `authority`: in a national cloud the short ones name its own Microsoft Graph. */
export function sentScopes(scopes: readonly string[], authority: string): readonly string[] {
  if (cloudOf(authority).name === "public") return scopes;
  return scopes.map((scope) => withResource(scope, authority));
}

function withResource(scope: string, authority: string): string {
  const isShort = !scope.includes("/") && !isOpenIdScope(scope);
  return isShort ? `${cloudOf(authority).graph}/${scope}` : scope;
}

/** Names of one resource, which an application id is too: of the APIs that people ask for by either. */
const SAME_RESOURCE: Readonly<Record<string, string>> = {
  "00000003-0000-0000-c000-000000000000": "https://graph.microsoft.com",
  "797f4846-ba00-4fd7-ba43-dac1f8f63013": "https://management.azure.com",
  "https://management.core.windows.net": "https://management.azure.com",
  "499b84ac-1321-427f-aa17-267ca6975798": "https://app.vssps.visualstudio.com",
};

/**
 * The resource that `scope` belongs to, as `https://graph.microsoft.com`, `api://app` or an application id, in lower
 * case; null for an OpenID scope, which belongs to none.
 */
export function resourceOf(scope: string, authority: string): string | null {
  if (isOpenIdScope(scope)) return null;
  const canonical = canonicalScope(scope, authority);
  // What is before the last slash; a resource may end with slashes of its own, which tell nothing apart.
  const resource = canonical.slice(0, canonical.lastIndexOf("/")).replace(/\/+$/, "");
  return Object.hasOwn(SAME_RESOURCE, resource) ? SAME_RESOURCE[resource] ?? resource : resource;
}

/** The scopes by the resource that they belong to, in the user's spelling; the OpenID scopes are left out. */
export function scopesByResource(scopes: readonly string[], authority: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const scope of scopes) {
    const resource = resourceOf(scope, authority);
    if (resource !== null) groups.set(resource, [...groups.get(resource) ?? [], scope]);
  }
  return groups;
}

/** Whether `scope` is a resource's `.default`: everything that the application may have of it. */
export function isDefaultScope(scope: string): boolean {
  const canonical = scope.toLowerCase();
  return canonical === ".default" || canonical.endsWith("/.default");
}

/**
 * Whether every scope of `wanted` is among `available`. The OpenID scopes are asked for always and don't count, unless
 * nothing else is wanted: then a token for any resource at all would do.
 */
export function coversScopes(
  available: readonly string[],
  wanted: readonly string[],
  authority: string,
): boolean {
  if (!wanted.every(isOpenIdScope)) return missingScopes(available, wanted, authority).length === 0;
  const have = canonicalScopes(available, authority);
  return wanted.length > 0 && wanted.every((scope) => have.has(canonicalScope(scope, authority)));
}

/** The scopes of `wanted` that are not among `available`, in the user's spelling. */
export function missingScopes(
  available: readonly string[],
  wanted: readonly string[],
  authority: string,
): string[] {
  const have = canonicalScopes(available, authority);
  return wanted.filter((scope) => !isOpenIdScope(scope) && !have.has(canonicalScope(scope, authority)));
}

function canonicalScopes(scopes: readonly string[], authority: string): ReadonlySet<string> {
  return new Set(scopes.map((scope) => canonicalScope(scope, authority)));
}

function isOpenIdScope(scope: string): boolean {
  return OPENID_SCOPES.includes(scope.toLowerCase());
}
