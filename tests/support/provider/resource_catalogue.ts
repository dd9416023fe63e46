// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { errors, KoaContextWithOIDC, ResourceServer } from "oidc-provider";
import { readResourceScopes } from "./scopes.ts";

/**
 * Every resource that anyone asked for a scope of. oidc-provider wants to know a resource's scopes beforehand; Entra
 * knows its directory; here whatever is asked for exists.
 */
export class ResourceCatalogue {
  #scopes = new Map<string, Set<string>>();
  #audiences = new Map<string, string>();

  constructor(
    private readonly library: typeof errors,
    private readonly options: { readonly accessTokenTtl: () => number; readonly byDefault: string },
  ) {}

  /** The one resource that the scopes of a request belong to: the default one if they name none. */
  choose(ctx: KoaContextWithOIDC, oneOf?: readonly string[]): string {
    if (oneOf?.[0] !== undefined) return oneOf[0];
    const asked = readResourceScopes(ctx.oidc.params?.scope as string | undefined);
    const { byDefault } = this.options;
    const [resource = byDefault, ...others] = new Set(asked.map((scope) => scope.resource));
    if (others.length > 0) throw new this.library.InvalidScope("more than one resource", others.join(" "));
    const known = this.#scopes.get(resource) ?? new Set();
    for (const scope of asked) known.add(scope.asked);
    this.#scopes.set(resource, known);
    this.#audiences.set(resource, asked[0]?.audience ?? byDefault);
    return resource;
  }

  describe(resource: string): ResourceServer {
    return {
      scope: [...this.#scopes.get(resource) ?? []].join(" "),
      audience: this.#audiences.get(resource) ?? resource,
      accessTokenTTL: this.options.accessTokenTtl(),
      accessTokenFormat: "jwt",
      jwt: { sign: { alg: "RS256" } },
    };
  }
}
