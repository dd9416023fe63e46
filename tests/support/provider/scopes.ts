/** The scope that requests a refresh token. */
export const OFFLINE_ACCESS = "offline_access";
/**
 * The name of `offline_access` inside oidc-provider. It drops the real name unless the request also has
 * `prompt=consent` (OpenID Connect Core 1.0, section 11); Entra does not, so the scope travels under another name.
 */
export const OFFLINE_INSIDE = "offline_inside";
export const OPENID_SCOPES = ["openid", "profile", "email"];

export const GRAPH = "https://graph.microsoft.com";
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A scope that names a permission on a resource. */
export interface ResourceScope {
  /** The requested form: `User.Read` or `https://graph.microsoft.com/User.Read`. */
  readonly asked: string;
  /** The resource as an absolute URI, which oidc-provider insists on. */
  readonly resource: string;
  /** The `aud` of the access token. */
  readonly audience: string;
  /** The permission alone, as in the access token's `scp`. */
  readonly permission: string;
}

/** Splits a `scope` parameter into its scopes; an absent or empty one has none. */
export function splitScope(scope: string | undefined): string[] {
  return (scope ?? "").split(" ").filter((part) => part !== "");
}

/** Returns the scopes of a `scope` parameter that belong to a resource, in order. */
export function readResourceScopes(scope: string | undefined): ResourceScope[] {
  return splitScope(scope).filter((part) => !isOpenIdScope(part)).map(readResourceScope);
}

/** Reads one scope as Entra does: the part before the last slash is the resource, which is Graph by default. */
export function readResourceScope(asked: string): ResourceScope {
  const slash = asked.lastIndexOf("/");
  const prefix = asked.slice(0, Math.max(slash, 0));
  const permission = asked.slice(slash + 1);
  if (prefix.includes("://")) return { asked, resource: prefix, audience: prefix, permission };
  if (GUID.test(prefix)) return { asked, resource: `api://${prefix}`, audience: prefix, permission };
  return { asked, resource: GRAPH, audience: GRAPH, permission: asked };
}

/**
 * Returns the permissions in an access token for the requested scopes. `.default` stands for what the application was
 * granted beforehand; a Graph token lists the OpenID scopes too.
 */
export function grantedPermissions(
  scopes: readonly ResourceScope[],
  openIdScopes: readonly string[],
): string[] {
  const permissions = scopes.map(({ permission, resource }) =>
    permission === ".default" ? preGranted(resource) : permission
  );
  const onGraph = scopes.every(({ resource }) => resource === GRAPH);
  return [...new Set([...permissions, ...(onGraph ? openIdScopes : [])])];
}

/** Returns the `scope` of a token response: the requested scopes in their own form, without `offline_access`. */
export function responseScope(scopes: readonly ResourceScope[], openIdScopes: readonly string[]): string {
  const answered = scopes.flatMap(({ asked, permission, resource }) =>
    permission === ".default" ? [asked.replace(/\.default$/, preGranted(resource)), asked] : [asked]
  );
  return [...new Set([...openIdScopes, ...answered])].join(" ");
}

/** Renames `offline_access` to its inside name. */
export function renameOfflineAccess(scope: string): string {
  return splitScope(scope).map((part) => part === OFFLINE_ACCESS ? OFFLINE_INSIDE : part).join(" ");
}

function isOpenIdScope(scope: string): boolean {
  return OPENID_SCOPES.includes(scope) || scope === OFFLINE_ACCESS || scope === OFFLINE_INSIDE;
}

function preGranted(resource: string): string {
  return resource === GRAPH ? "User.Read" : "user_impersonation";
}
