import type { Environment } from "../environment.ts";

/** A proxy that Deno goes through. */
export interface Proxy {
  /** Its host and port, without user name and password. */
  readonly host: string;
  /** Whether it is told a user name and a password. */
  readonly hasUser: boolean;
}

/** How Deno reaches a host. */
export interface Route {
  /** The proxy in between, if any. */
  readonly proxy: Proxy | null;
  /** The variable that was to name a proxy and names none that Deno can use, so that Deno passes it over in silence. */
  readonly ignored: string | null;
}

/** In the order in which Deno looks at them. It takes the second of a pair where the first is unset or unusable. */
const VARIABLES = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy"];

/**
 * The proxy by which Deno reaches `url`, which is https. Deno's `fetch` chooses it by itself and doesn't say which; this
 * tells the user afterwards, so that an error names the right machine.
 *
 * @throws {CliError} `permission` when a variable may not be read. (Deno itself reads them without any permission.)
 */
export function findRoute(url: URL, env: Environment): Route {
  const exempt = env.get("NO_PROXY") ?? env.get("no_proxy") ?? "";
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

/** The same as {@linkcode findRoute}, or null where the variables may not be read. Deno obeys them all the same. */
export function findRouteIfReadable(url: URL, env: Environment): Route | null {
  try {
    return findRoute(url, env);
  } catch {
    return null;
  }
}

/** `[SCHEME://][USER:PASSWORD@]HOST[:PORT]`; null for what Deno can't use, such as a user name without a password. */
function parseProxy(text: string): Proxy | null {
  const [, scheme = "http", user, host] = text.match(/^(?:(\w+):\/\/)?(?:([^/?#\s]*)@)?([^/?#\s@]+)\S*$/) ??
    [];
  const isKnown = /^https?$/i.test(scheme) || /^socks5h?$/.test(scheme);
  if (host === undefined || !isKnown || (user !== undefined && !user.includes(":"))) return null;
  return { host, hasUser: user !== undefined };
}

/** Whether `NO_PROXY` exempts `host`: names and what is below them, `*`, addresses. Masks are taken to cover nothing. */
function isExempt(host: string, noProxy: string): boolean {
  return noProxy.split(",").map((entry) => entry.trim()).some((entry) => {
    const name = entry.replace(/^\./, "");
    return entry === "*" || (name !== "" && (host === name || host.endsWith(`.${name}`)));
  });
}
