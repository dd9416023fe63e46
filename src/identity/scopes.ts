import { cloudOf } from "./cloud.ts";
import { CliError } from "../errors.ts";
import { isGuid } from "./guid.ts";

/** The scopes of OpenID Connect, including the one for a refresh token. They belong to no resource. */
export const OPENID_SCOPES: readonly string[] = ["openid", "profile", "offline_access", "email"];

/** Printable ASCII except space, `"` and `\` (RFC 6749 section 3.3). */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
/** The same without a comma, which separates scopes. */
const ONE_SCOPE = /^[\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]+$/;

/**
 * Splits input at spaces and commas into scopes. Drops duplicates and keeps the order.
 *
 * @throws {CliError} `usage` for a character that RFC 6749 section 3.3 does not allow.
 */
export function parseScopes(typed: readonly string[]): string[] {
  // The profiles in a file have each scope on its own.
  const [only = ""] = typed;
  if (typed.length === 1 && ONE_SCOPE.test(only)) return [only];
  const scopes = [...new Set(typed.flatMap((text) => text.split(/[\s,]+/)).filter((scope) => scope !== ""))];
  for (const scope of scopes) {
    if (!SCOPE.test(scope)) {
      throw new CliError(
        "usage",
        `Invalid scope ${JSON.stringify(scope)}: expected printable ASCII without quotes and backslashes`,
        {
          hint: 'Separate scopes with spaces, as in --scope "User.Read Mail.Read".',
        },
      );
    }
  }
  return scopes;
}

/**
 * Returns the scopes of the flag `--scope`, or undefined without the flag. A flag without a scope, such as
 * `--scope "$A $B"` with unset variables, is an error, because it would request every scope of the profile.
 *
 * @throws {CliError} `usage`
 */
export function parseScopeFlag(typed: readonly string[] | undefined): string[] | undefined {
  if (typed === undefined) return undefined;
  const scopes = parseScopes(typed);
  if (scopes.length > 0) return scopes;
  throw new CliError("usage", "--scope names no scope", {
    hint: 'Name one or more, as in --scope "User.Read Mail.Read", or omit the flag.',
  });
}

/**
 * Returns the canonical form of a scope, for comparison: in lower case, and with the Microsoft Graph of the authority's
 * cloud as the resource of a scope that names none. `User.Read` is `https://graph.microsoft.com/user.read`.
 */
export function canonicalScope(scope: string, authority: string): string {
  return withResource(scope, authority).toLowerCase();
}

/** Returns the scopes to send to `authority`. In a national cloud the short ones name its own Microsoft Graph. */
export function sentScopes(scopes: readonly string[], authority: string): readonly string[] {
  if (cloudOf(authority).name === "public") return scopes;
  return scopes.map((scope) => withResource(scope, authority));
}

function withResource(scope: string, authority: string): string {
  return isShortScope(scope) ? `${cloudOf(authority).graph}/${scope}` : scope;
}

/** Reports whether `scope` is a permission of Microsoft Graph without its resource. An application ID is a resource. */
export function isShortScope(scope: string): boolean {
  return !/[/:]/.test(scope) && !isOpenIdScope(scope) && !isGuid(scope);
}

/** Canonical names of popular APIs, which are also known by an application ID or by an older name. */
const SAME_RESOURCE: Readonly<Record<string, string>> = {
  "00000003-0000-0000-c000-000000000000": "https://graph.microsoft.com",
  "797f4846-ba00-4fd7-ba43-dac1f8f63013": "https://management.azure.com",
  "https://management.core.windows.net": "https://management.azure.com",
  "499b84ac-1321-427f-aa17-267ca6975798": "https://app.vssps.visualstudio.com",
};

/**
 * Returns the resource of `scope` in lower case, such as `https://graph.microsoft.com`, `api://app` or an application ID,
 * or null for an OpenID scope. A scope may be a resource without a permission, such as `https://vault.azure.net`.
 */
export function resourceOf(scope: string, authority: string): string | null {
  if (isOpenIdScope(scope)) return null;
  const resource = resourcePart(canonicalScope(scope, authority));
  return Object.hasOwn(SAME_RESOURCE, resource) ? SAME_RESOURCE[resource] ?? resource : resource;
}

/** Returns the resource of the first scope that has one, or undefined. */
export function firstResource(scopes: readonly string[], authority: string): string | undefined {
  return scopes.map((scope) => resourceOf(scope, authority)).find((resource) => resource !== null) ??
    undefined;
}

/**
 * Returns the resource in a scope that has one, in its spelling: the part before the last slash after the host, or all of
 * `https://vault.azure.net`. Slashes at its end make no difference.
 */
export function resourcePart(scope: string): string {
  const [origin = ""] = /^[^/]+:\/\/[^/]*/.exec(scope) ?? [];
  const end = scope.lastIndexOf("/");
  return (end < origin.length ? scope : scope.slice(0, end)).replace(/\/+$/, "");
}

/** Reports whether `scope` has a slash but no resource before it, as `$RESOURCE/.default` with an unset variable. */
export function lacksResource(scope: string): boolean {
  return scope.includes("/") && /^([^/]+:)?$/.test(resourcePart(scope));
}

/** Groups scopes by resource, in the user's spelling and without the OpenID scopes. */
export function scopesByResource(scopes: readonly string[], authority: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const scope of scopes) {
    const resource = resourceOf(scope, authority);
    if (resource !== null) groups.set(resource, [...groups.get(resource) ?? [], scope]);
  }
  return groups;
}

/** Reports whether `scope` is a `.default`: all permissions of the application for a resource. */
export function isDefaultScope(scope: string): boolean {
  const canonical = scope.toLowerCase();
  return canonical === ".default" || canonical.endsWith("/.default");
}

/** Reports whether `scope` is the `.default` of Microsoft Graph, which has a named permission for everything. */
export function isGraphDefault(scope: string, authority: string): boolean {
  return isDefaultScope(scope) && resourceOf(scope, authority) === resourceOf("User.Read", authority);
}

/**
 * Reports whether `available` contains every scope of `wanted`. OpenID scopes are part of every request and do not count,
 * unless `wanted` contains no other: then the token may be for any resource.
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

/** Returns the scopes of `wanted` that `available` lacks, in the user's spelling. */
export function missingScopes(
  available: readonly string[],
  wanted: readonly string[],
  authority: string,
): string[] {
  const have = canonicalScopes(available, authority);
  return wanted.filter((scope) => !isOpenIdScope(scope) && !have.has(canonicalScope(scope, authority)));
}

/**
 * Returns the scopes of `wanted` that `granted` lacks under any of their names: an authority may name an API by its
 * application ID, or without a doubled slash. A cached token is still found by the requested or granted name only, because
 * its audience is in that form.
 */
export function ungrantedScopes(
  granted: readonly string[],
  wanted: readonly string[],
  authority: string,
): string[] {
  const meaning = (scope: string) => {
    const permission = scope.slice(scope.lastIndexOf("/") + 1).toLowerCase();
    return `${resourceOf(scope, authority)} ${permission}`;
  };
  const have = new Set(granted.map(meaning));
  return missingScopes(granted, wanted, authority).filter((scope) => !have.has(meaning(scope)));
}

function canonicalScopes(scopes: readonly string[], authority: string): ReadonlySet<string> {
  return new Set(scopes.map((scope) => canonicalScope(scope, authority)));
}

function isOpenIdScope(scope: string): boolean {
  return OPENID_SCOPES.includes(scope.toLowerCase());
}
