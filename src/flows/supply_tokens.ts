import { CliError } from "../errors.ts";
import { resourceOf, scopesByResource } from "../identity/scopes.ts";
import { isExpired, REFRESH_MARGIN_SECONDS, type Token } from "../identity/token.ts";
import type { TokenSupply } from "../loopback/token_endpoint.ts";
import type { Clock } from "../system/clock.ts";

export interface SupplyOptions {
  readonly authority: string;
  /** The scopes of the profile: a request for one of their resources gets a token for them. */
  readonly scopes: readonly string[];
  /** The resources that callers may get tokens for; those of `scopes` by default. */
  readonly resources?: readonly string[] | undefined;
  readonly clock: Clock;
  /** Gets a token without asking the user. */
  readonly acquire: (scopes: readonly string[], tenant: string | undefined) => Promise<Token>;
}

/** What callers may get, and the first request for it. */
export interface Supply extends TokenSupply {
  /** The allowed resources, for the user to see. */
  readonly resources: readonly string[];
  /** The scopes of the first of them. */
  readonly firstScopes: readonly string[];
  /** Keeps the token that the user got for {@linkcode firstScopes}. */
  holdFirst(token: Token): void;
}

/**
 * Supplies tokens for the allowed resources and no others. Keeps them in memory until they are to be refreshed, and gets
 * one token for all who want it at the same time.
 *
 * @throws {CliError} `usage` without any resource.
 */
export function supplyTokens(options: SupplyOptions): Supply {
  const { authority, scopes, clock, acquire } = options;
  const own = scopesByResource(scopes, authority);
  const named = options.resources ?? [...own.keys()];
  const allowed = new Set(named.map((resource) => keyOf(resource, authority)));
  const [first] = named;
  if (first === undefined) {
    throw new CliError("usage", "The profile has no scope of a resource", {
      hint: "Name the resources to allow: --resource https://vault.azure.net",
    });
  }
  const held = new Map<string, Promise<Token>>();
  const scopesFor = (resource: string) => own.get(keyOf(resource, authority)) ?? [`${resource}/.default`];

  async function get(wanted: readonly string[], tenant: string | undefined): Promise<Token> {
    const key = keyFor(wanted, tenant);
    const present = held.get(key);
    if (present !== undefined && !isDue(await present, clock.now())) return await present;
    // Another caller may have started in the meantime.
    const started = held.get(key);
    if (started !== undefined && started !== present) return await started;
    const getting = acquire(wanted, tenant);
    held.set(key, getting);
    getting.catch(() => held.delete(key));
    return await getting;
  }

  const assertAllowed = (resource: string) => {
    if (!allowed.has(keyOf(resource, authority))) throw notAllowed(resource, named);
  };
  return {
    resources: named,
    firstScopes: scopesFor(first),
    holdFirst: (token) => void held.set(keyFor(scopesFor(first), undefined), Promise.resolve(token)),
    async forResource(resource) {
      assertAllowed(resource);
      return await get(scopesFor(resource), undefined);
    },
    async forScopes(wanted, tenant) {
      for (const scope of wanted) assertAllowed(resourceOf(scope, authority) ?? scope);
      const [scope = ""] = wanted;
      const isDefault = wanted.length === 1 && scope.toLowerCase().endsWith("/.default");
      return await get(isDefault ? scopesFor(scope.slice(0, -"/.default".length)) : wanted, tenant);
    },
  };
}

function keyFor(scopes: readonly string[], tenant: string | undefined): string {
  return JSON.stringify([scopes, tenant ?? null]);
}

/** Returns one name for all names of a resource. */
function keyOf(resource: string, authority: string): string {
  return resourceOf(`${resource}/.default`, authority) ?? resource;
}

/** Reports whether a token is due for a refresh: because it expires soon, or because its authority wants it. */
function isDue(token: Token, nowMs: number): boolean {
  return isExpired(token, nowMs, REFRESH_MARGIN_SECONDS) ||
    (token.refreshAt !== undefined && token.refreshAt * 1000 <= nowMs);
}

function notAllowed(resource: string, named: readonly string[]): CliError {
  return new CliError("usage", `Resource ${resource} is not allowed: expected ${named.join(", ")}`, {
    hint: "Allow it with --resource when you start entra-auth-cli.",
  });
}
