import type { Environment } from "../environment.ts";

/** A proxy that Deno uses. */
export interface Proxy {
  /** The host and port, without user name and password. */
  readonly host: string;
  /** Whether the variable contains a user name and a password. */
  readonly hasUser: boolean;
}

/** How Deno reaches a host. */
export interface Route {
  /** The proxy in between, or null. */
  readonly proxy: Proxy | null;
  /** The proxy variable that Deno silently ignores because it cannot use its value, or null. */
  readonly ignored: string | null;
}

/** In the order in which Deno reads them. The second of a pair applies if the first is unset or unusable. */
const VARIABLES = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"];

/**
 * Returns the proxy through which Deno reaches the https address `url`. Deno's `fetch` selects it without reporting it;
 * the result lets an error name the right machine.
 *
 * @throws {CliError} `permission` if a variable may not be read. Deno itself reads them without permission.
 */
export function findRoute(url: URL, env: Environment): Route {
  // To Deno an empty NO_PROXY is set, and hides no_proxy.
  const exempt = env.get("NO_PROXY") ?? (env.isEmpty?.("NO_PROXY") ? "" : env.get("no_proxy")) ?? "";
  const values = VARIABLES.map((name) => ({ name, value: env.get(name) }));
  if (isExempt(url.hostname.replace(/^\[|\]$/g, ""), exempt)) return { proxy: null, ignored: null };
  let ignored: string | null = null;
  for (const { name, value } of values) {
    if (value === undefined) continue;
    const proxy = parseProxy(value);
    if (proxy !== null) return { proxy, ignored: null };
    ignored ??= name;
  }
  return { proxy: null, ignored };
}

/** Does the same as {@linkcode findRoute}, but returns null if a variable may not be read. */
export function findRouteIfReadable(url: URL, env: Environment): Route | null {
  try {
    return findRoute(url, env);
  } catch {
    return null;
  }
}

/** Parses `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`. Returns null if Deno cannot use it, as with a user but no password. */
function parseProxy(text: string): Proxy | null {
  const [, scheme = "http", user, host] = text.match(/^(?:(\w+):\/\/)?(?:([^/?#\s]*)@)?([^/?#\s@]+)\S*$/) ??
    [];
  const isKnown = /^https?$/i.test(scheme) || /^socks5h?$/.test(scheme);
  if (host === undefined || !isKnown || (user !== undefined && !user.includes(":"))) return null;
  return { host, hasUser: user !== undefined };
}

/** Returns whether `NO_PROXY` exempts `host`: a domain with its subdomains, `*`, or an address. Ignores CIDR masks. */
function isExempt(host: string, noProxy: string): boolean {
  return noProxy.split(",").map((entry) => entry.trim()).some((entry) => {
    const name = entry.replace(/^\./, "");
    return entry === "*" || (name !== "" && (host === name || host.endsWith(`.${name}`)));
  });
}
