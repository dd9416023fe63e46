interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/**
 * Stores the cookies of one site by name and path (RFC 6265). An expired cookie is removed when it is set, not by
 * time.
 */
export class CookieJar {
  #cookies = new Map<string, Cookie>();

  /** Stores the `Set-Cookie` headers of a response from `url`. */
  store(url: URL, setCookies: readonly string[]): void {
    for (const line of setCookies) {
      const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
      const attributes = new Map(rest.map((part) => {
        const [name = "", ...value] = part.split("=");
        return [name.toLowerCase(), value.join("=")];
      }));
      const equals = pair.indexOf("=");
      const path = attributes.get("path") ?? url.pathname.replace(/\/[^/]*$/, "/");
      const cookie = { name: pair.slice(0, equals), value: pair.slice(equals + 1), path };
      const key = `${cookie.name} ${path}`;
      if (isExpired(attributes)) this.#cookies.delete(key);
      else this.#cookies.set(key, cookie);
    }
  }

  /** Returns the `Cookie` header for a request to `url`, longest paths first; empty if no cookie matches. */
  header(url: URL): string {
    return [...this.#cookies.values()]
      .filter(({ path }) => matches(url.pathname, path))
      .sort((one, other) => other.path.length - one.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join("; ");
  }
}

function isExpired(attributes: Map<string, string>): boolean {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined) return Number(maxAge) <= 0;
  const expires = attributes.get("expires");
  return expires !== undefined && Date.parse(expires) <= Date.now();
}

function matches(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith("/") ? path : `${path}/`);
}
