import type { AccountInfo, PublicClientApplication } from "@azure/msal-node";
import { CliError } from "../errors.ts";
import { Secret } from "../secret.ts";

/** The parts of MSAL's cache that a refresh doesn't need. Access tokens are kept by this program's own store. */
const NOT_KEPT = ["AccessToken", "IdToken"];

/** Takes from MSAL what a later refresh needs: the account and its newest refresh token. */
export function takeCache(app: PublicClientApplication): Secret {
  const cache: Record<string, unknown> = JSON.parse(app.getTokenCache().serialize());
  for (const part of NOT_KEPT) cache[part] = {};
  return new Secret(JSON.stringify(cache));
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
export async function restoreCache(
  app: PublicClientApplication,
  cache: Secret,
  homeAccountId: string,
): Promise<AccountInfo> {
  const account = await deserialize(app, cache)
    .then((accounts) => accounts.find((candidate) => candidate.homeAccountId === homeAccountId));
  if (account === undefined) {
    throw signInAgain();
  }
  return account;
}

async function deserialize(app: PublicClientApplication, cache: Secret): Promise<AccountInfo[]> {
  try {
    const tokens = app.getTokenCache();
    tokens.deserialize(cache.reveal());
    return await tokens.getAllAccounts();
  } catch {
    // MSAL throws raw SyntaxErrors and TypeErrors here, which may quote the cache.
    return [];
  }
}
