import { CliError } from "../../errors.ts";
import { isJsonObject, type JsonObject, parseJsonObject } from "../../text/json.ts";
import { Secret } from "../../text/secret.ts";
import { CHECK_AUTHORITY } from "../authority.ts";

/** The parts of MSAL's cache that a refresh does not need. This program's own store holds the access tokens. */
const NOT_KEPT = ["AccessToken", "IdToken"];

/** The part of MSAL's cache that is used here. `A` is MSAL's type of an account. */
export interface SerializableCache<A> {
  serialize(): string;
  /** Adds what was serialized. Throws any error for invalid text. */
  deserialize(text: string): void;
  getAllAccounts(): Promise<A[]>;
}

/**
 * Takes from MSAL what a later refresh needs: the account and its newest refresh token.
 *
 * @throws {CliError} `invalid_response` if the cache cannot be serialized.
 */
export function takeCache(cache: SerializableCache<unknown>): Secret {
  try {
    const parts: Record<string, unknown> = JSON.parse(cache.serialize());
    for (const part of NOT_KEPT) parts[part] = {};
    return new Secret(JSON.stringify(parts));
  } catch {
    // A claim that MSAL copies can hold arrays nested thousands deep, which overflow the stack.
    throw new CliError("invalid_response", "The response of the sign-in service cannot be stored", {
      hint: CHECK_AUTHORITY,
    });
  }
}

/**
 * Returns `saved` with `refreshToken` in place of the present one of the account. MSAL stores the refresh token of a
 * response without `id_token` or `client_info` under another account, where a later refresh would not find it.
 */
export function withRefreshToken(saved: Secret, homeAccountId: string, refreshToken: Secret): Secret {
  const parts = parseJsonObject(saved.reveal()) ?? {};
  const entries = isJsonObject(parts.RefreshToken) ? Object.values(parts.RefreshToken) : [];
  for (const entry of entries) {
    if (isJsonObject(entry) && entry.home_account_id === homeAccountId) {
      Object.assign(entry, { secret: refreshToken.reveal() });
    }
  }
  return new Secret(JSON.stringify(parts));
}

/** The member of the saved data with the discovery document. MSAL ignores it. */
const DISCOVERY = "Discovery";

/** The fields of a discovery document that are kept: those that MSAL and `validateMetadata()` read. */
const KEPT_FIELDS = [
  "issuer",
  "authorization_endpoint",
  "token_endpoint",
  "jwks_uri",
  "authorization_response_iss_parameter_supported",
];

/** How long a discovery document is used without another look. */
const DISCOVERY_LIFETIME_MS = 24 * 3_600_000;

/** Returns `saved` with the discovery document `body`, obtained at `nowMs`. */
export function withDiscovery(saved: Secret, body: JsonObject, nowMs: number): Secret {
  const parts = parseJsonObject(saved.reveal()) ?? {};
  const kept = Object.fromEntries(KEPT_FIELDS.map((name) => [name, body[name]]));
  return new Secret(JSON.stringify({ ...parts, [DISCOVERY]: { obtainedAtMs: nowMs, body: kept } }));
}

/** Reports whether two discovery documents agree in what is kept of them. */
export function isSameDiscovery(a: JsonObject, b: JsonObject): boolean {
  return KEPT_FIELDS.every((name) => a[name] === b[name]);
}

/** Returns the discovery document in `saved`, or null if there is none of the last day. */
export function discoveryIn(saved: Secret, nowMs: number): JsonObject | null {
  const discovery = parseJsonObject(saved.reveal())?.[DISCOVERY];
  if (!isJsonObject(discovery) || !isJsonObject(discovery.body)) return null;
  const ageMs = nowMs - Number(discovery.obtainedAtMs);
  return ageMs >= 0 && ageMs < DISCOVERY_LIFETIME_MS ? discovery.body : null;
}

/** Returns the error for a saved sign-in that lacks what a refresh needs. */
export function signInAgain(): CliError {
  return new CliError("interaction_required", "The saved sign-in cannot be refreshed", {
    hint: "Sign in again.",
  });
}

/**
 * Restores in a new MSAL instance what {@linkcode takeCache} took, and returns the account in MSAL's form.
 *
 * @throws {CliError} `interaction_required` if the saved data is invalid or does not contain the account.
 */
export async function restoreCache<A extends { readonly homeAccountId: string }>(
  cache: SerializableCache<A>,
  saved: Secret,
  homeAccountId: string,
): Promise<A> {
  const accounts = await deserialize(cache, saved);
  const account = accounts.find((candidate) => candidate.homeAccountId === homeAccountId);
  if (account === undefined) throw signInAgain();
  return account;
}

async function deserialize<A>(cache: SerializableCache<A>, saved: Secret): Promise<A[]> {
  try {
    cache.deserialize(saved.reveal());
    return await cache.getAllAccounts();
  } catch {
    // MSAL throws plain SyntaxErrors and TypeErrors here, which may quote the cache.
    return [];
  }
}
