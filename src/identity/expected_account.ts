import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";
import type { Account } from "./token.ts";

/** The account that tokens must belong to. Without members any account is accepted. */
export interface ExpectedAccount {
  /** A user name or object ID, in lower case. */
  readonly user?: string | undefined;
  /** The ID of the tenant that issues the tokens, in lower case. */
  readonly tenant?: string | undefined;
}

/** The profile and tenant of the tokens to check. */
export interface TokenOwner {
  /** The name of the profile, for hints. */
  readonly profile: string;
  /** The tenant as configured, which an application's token belongs to. */
  readonly tenant: string;
}

/**
 * Checks that tokens belong to the expected account.
 *
 * @param account The account of the tokens, or null for an application's.
 * @param pinned The account that signed in to the profile before. A user name can be assigned to another user, so an
 *   expected user must remain the same account.
 * @throws {CliError} `wrong_account`
 */
export function assertExpected(
  account: Account | null,
  expected: ExpectedAccount,
  owner: TokenOwner,
  pinned: Account | null = null,
): void {
  const tenant = (account?.tenantId ?? owner.tenant).toLowerCase();
  if (expected.tenant !== undefined && tenant !== expected.tenant) {
    throw wrongAccount(
      `The account belongs to tenant ${tenant}, expected ${expected.tenant}`,
      owner,
      expected,
    );
  }
  if (expected.user === undefined) return;
  if (account === null) {
    throw wrongAccount(
      `The token belongs to an application, expected the user ${expected.user}`,
      owner,
      expected,
    );
  }
  if (!isUser(account, expected.user)) {
    throw wrongAccount(`Signed in as ${nameOf(account)}, expected ${expected.user}`, owner, expected);
  }
  if (pinned !== null && isUser(pinned, expected.user) && pinned.homeAccountId !== account.homeAccountId) {
    const who = `${nameOf(account)} is now another account than the one that signed in first`;
    const hint = `entra-auth-cli clear-cache --profile ${shellWord(owner.profile)}\n` +
      "If that is correct, forget the first account with this command.";
    throw new CliError("wrong_account", who, { hint });
  }
}

/** Reports whether `account` is the expected user, if one is expected. */
export function isExpectedUser(account: Account, { user }: ExpectedAccount): boolean {
  return user === undefined || isUser(account, user);
}

/** Only a user name contains an at sign: an account cannot pass for another by having its object ID as a name. */
function isUser({ username, objectId }: Account, expected: string): boolean {
  return expected.includes("@") ? isSameName(username, expected) : objectId.toLowerCase() === expected;
}

/** Ignores case. Lower case alone also unites letters: that of the Kelvin sign is `k`. */
function isSameName(name: string, expected: string): boolean {
  return name.toLowerCase() === expected && name.toUpperCase() === expected.toUpperCase();
}

/** Returns the name to show for an account. */
export function nameOf({ username, objectId }: Account): string {
  return username === "" ? objectId : username;
}

function wrongAccount(message: string, { profile }: TokenOwner, { user, tenant }: ExpectedAccount): CliError {
  const again = ["entra-auth-cli get-token --profile", shellWord(profile), "--force --prompt select_account"];
  if (user !== undefined) again.push("--expect-user", shellWord(user));
  if (tenant !== undefined) again.push("--expect-tenant", tenant);
  return new CliError("wrong_account", message, {
    hint: [
      again.join(" "),
      "Sign in with the expected account, or use one profile for each account: entra-auth-cli create-profile --name NAME",
    ].join("\n"),
  });
}
