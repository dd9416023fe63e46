import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";

/** The parts of MSAL's cache that a refresh doesn't need. Access tokens are kept by this program's own store. */
const NOT_KEPT = ["AccessToken", "IdToken"];

/** MSAL's cache, as far as it is used here. `A` is MSAL's own form of an account. */
export interface SerializableCache<A> {
  /** All that the cache holds, as JSON. */
  serialize(): string;
  /** Adds what was serialized. Throws whatever bad text makes it throw. */
  deserialize(text: string): void;
  /** The accounts that the cache knows. */
  getAllAccounts(): Promise<A[]>;
}

/**
 * Takes from MSAL what a later refresh needs: the account and its newest refresh token.
 *
 * @throws {CliError} `invalid_response` when MSAL was told what no text can hold.
 */
export function takeCache(cache: SerializableCache<unknown>): Secret {
  try {
    const parts: Record<string, unknown> = JSON.parse(cache.serialize());
    for (const part of NOT_KEPT) parts[part] = {};
    return new Secret(JSON.stringify(parts));
  } catch {
    // Lists within lists, thousands deep, in a claim that MSAL copies: the stack is too small for them.
    throw new CliError("invalid_response", "The sign-in service's answer can't be kept", {
      hint: "Check --authority, and that no proxy answers in place of the sign-in service.",
    });
  }
}

/** The error for a saved sign-in that holds too little for a refresh. */
export function signInAgain(): CliError {
  return new CliError("interaction_required", "The saved sign-in can't be refreshed", {
    hint: "Sign in again.",
  });
}

/**
 * Gives a fresh MSAL instance what {@linkcode takeCache} took.
 *
 * @returns The account in MSAL's own form.
 * @throws {CliError} `interaction_required` when the cache is not usable or doesn't know the account.
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
    // MSAL throws raw SyntaxErrors and TypeErrors here, which may quote the cache.
    return [];
  }
}
