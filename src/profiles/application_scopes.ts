import { cloudOf } from "../identity/cloud.ts";
import { CliError } from "../errors.ts";
import { isDefaultScope, OPENID_SCOPES } from "../identity/scopes.ts";
import type { Flow } from "./profile.ts";

const DEFAULT = "/.default";

/** What an application asks for when nothing is named: all that it was granted on Microsoft Graph, of its cloud. */
export function defaultApplicationScope(authority: string): string {
  return cloudOf(authority).graph + DEFAULT;
}

/**
 * Checks what an application asks for itself. Entra gives it all that an administrator granted on one resource, so the
 * one scope there is is `RESOURCE/.default`.
 *
 * @param authority Base URL of the authority, which says whose Microsoft Graph is meant.
 * @throws {CliError} `usage` that names the scope to ask for instead.
 */
export function checkApplicationScopes(scopes: readonly string[], flow: Flow, authority: string): void {
  const wrong = scopes.find((scope) => !isOfOneResource(scope));
  if (wrong !== undefined) {
    throw new CliError("usage", `Scope ${JSON.stringify(wrong)} can't be asked for with ${flow}`, {
      hint: `An application gets what it was granted on a resource: --scope ${
        defaultScopeFor(wrong, authority)
      }`,
    });
  }
  const [first = "", ...others] = scopes;
  if (others.length > 0) {
    throw new CliError("usage", `${flow} gives a token for one resource, and ${scopes.length} are named`, {
      hint: `Ask for one at a time, as in --scope ${first}`,
    });
  }
}

function isOfOneResource(scope: string): boolean {
  return isDefaultScope(scope) && scope.indexOf("/") > 0;
}

/** The scope that covers what was meant: `https://vault.azure.net/user_impersonation` is about the vault. */
function defaultScopeFor(scope: string, authority: string): string {
  const isOfGraph = !scope.includes("/") || OPENID_SCOPES.includes(scope.toLowerCase());
  if (isOfGraph || scope.startsWith("/")) return defaultApplicationScope(authority);
  const end = scope.indexOf("/", scope.indexOf("://") + 3);
  const isResource = scope.includes("://") && (end === -1 || end === scope.length - 1);
  return (isResource ? scope.replace(/\/$/, "") : scope.slice(0, scope.lastIndexOf("/"))) + DEFAULT;
}
