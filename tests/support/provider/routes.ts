import { ADFS } from "./adfs.ts";

/** A route of the provider. */
export type RouteName =
  | "authorize"
  | "resume"
  | "token"
  | "devicecode"
  | "deviceauth"
  | "discovery"
  | "keys"
  | "logout"
  | "interaction";

/** A path taken apart. */
export interface Route {
  readonly name: RouteName;
  /** The first segment: a tenant id, a domain or an alias; at B2C a policy follows, after a slash. */
  readonly tenant: string;
  /** The rest, as oidc-provider knows it below its mount path `/TENANT`. */
  readonly inner: string;
}

const DISCOVERY_PATH = "/.well-known/openid-configuration";

/** Entra's paths below the tenant, for the configuration of oidc-provider. */
export const TENANT_PATHS = {
  authorization: "/oauth2/v2.0/authorize",
  token: "/oauth2/v2.0/token",
  device_authorization: "/oauth2/v2.0/devicecode",
  code_verification: "/oauth2/deviceauth",
  jwks: "/discovery/v2.0/keys",
  end_session: "/oauth2/v2.0/logout",
} as const;

/** The tenant, at B2C with its policy, and the rest. */
const TENANT_PREFIX = /^\/([^/]+(?:\/b2c_1a?_[^/]+)?)(\/.*)$/i;

const PATTERNS: readonly [RouteName, RegExp][] = [
  ["discovery", /^\/v2\.0\/\.well-known\/openid-configuration$/],
  ["authorize", /^\/oauth2\/v2\.0\/authorize$/],
  ["resume", /^\/oauth2\/v2\.0\/authorize\/[^/]+$/],
  ["token", /^\/oauth2\/v2\.0\/token$/],
  ["devicecode", /^\/oauth2\/v2\.0\/devicecode$/],
  ["deviceauth", /^\/oauth2\/deviceauth(\/[^/]+)?$/],
  ["keys", /^\/discovery\/v2\.0\/keys$/],
  ["logout", /^\/oauth2\/v2\.0\/logout(\/[^/]+)?$/],
  ["interaction", /^\/interaction\/[^/]+$/],
];

/** AD FS has slashes at the end of some, and accepts them at the end of all. */
const ADFS_PATTERNS: readonly [RouteName, RegExp][] = [
  ["discovery", /^\/\.well-known\/openid-configuration$/],
  ["authorize", /^\/oauth2\/authorize$/],
  ["resume", /^\/oauth2\/authorize\/[^/]+$/],
  ["token", /^\/oauth2\/token$/],
  ["devicecode", /^\/oauth2\/devicecode$/],
  ["deviceauth", /^\/oauth2\/deviceauth(\/[^/]+)?$/],
  ["keys", /^\/discovery\/keys$/],
  ["logout", /^\/oauth2\/logout(\/[^/]+)?$/],
  ["interaction", /^\/interaction\/[^/]+$/],
];

/** Returns the route of a path, or undefined for a path that Entra does not have either. */
export function findRoute(pathname: string): Route | undefined {
  const [, tenant = "", rest = ""] = TENANT_PREFIX.exec(pathname) ?? [];
  const isAdfs = tenant === ADFS;
  const below = isAdfs ? rest.replace(/\/$/, "") : rest;
  const name = (isAdfs ? ADFS_PATTERNS : PATTERNS).find(([, pattern]) => pattern.test(below))?.[0];
  if (name === undefined || tenant === "") return undefined;
  return { name, tenant: tenant.toLowerCase(), inner: name === "discovery" ? DISCOVERY_PATH : below };
}

/** Returns the path of the page for sign-in and consent. */
export function interactionPath(tenantId: string, uid: string): string {
  return `/${tenantId}/interaction/${uid}`;
}
