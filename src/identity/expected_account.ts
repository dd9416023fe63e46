import { CliError } from "../errors.ts";
import { shellWord } from "../text/shell_word.ts";
import type { Account } from "./token.ts";

/** Whose token alone will do; nothing in it means anybody's. */
export interface ExpectedAccount {
  /** User name or object id, in lower case. */
  readonly user?: string;
  /** Tenant that issues the tokens: a GUID, in lower case. */
  readonly tenant?: string;
}

/** What the tokens in question belong to. */
export interface TokenOwner {
  /** Name of the profile, for what to do next. */
  readonly profile: string;
  /** Tenant as configured: all that is known of an application's token. */
  readonly tenant: string;
}

/**
 * Refuses tokens of another account than the expected one.
 *
 * @param account Whose tokens they are; null for an application's own.
 * @param pinned Who signed in to the profile before. A user name can be given to somebody else: where a user is
 *   expected and has signed in once, only the very same account will do.
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
      `The account is of tenant ${tenant}, but ${expected.tenant} is expected`,
      owner,
      expected,
    );
  }
  if (expected.user === undefined) return;
  if (account === null) {
    throw wrongAccount(
      `The token is an application's, but the user ${expected.user} is expected`,
      owner,
      expected,
    );
  }
  if (!isUser(account, expected.user)) {
    throw wrongAccount(`Signed in as ${nameOf(account)}, but ${expected.user} is expected`, owner, expected);
  }
  if (pinned !== null && isUser(pinned, expected.user) && pinned.homeAccountId !== account.homeAccountId) {
    const who = `${nameOf(account)} is another account now than the one that signed in first`;
    const hint = `If that is right, forget the first one: entra-auth-cli clear-cache --profile ${
      shellWord(owner.profile)
    }`;
    throw new CliError("wrong_account", who, { hint });
  }
}

/** Whether tokens of `account` would do as far as the user is concerned. */
export function isExpectedUser(account: Account, { user }: ExpectedAccount): boolean {
  return user === undefined || isUser(account, user);
}

function isUser({ username, objectId }: Account, expected: string): boolean {
  return [username, objectId].some((name) => name.toLowerCase() === expected);
}

function nameOf({ username, objectId }: Account): string {
  return username === "" ? objectId : username;
}

function wrongAccount(message: string, { profile }: TokenOwner, { user, tenant }: ExpectedAccount): CliError {
  const again = ["entra-auth-cli get-token --profile", shellWord(profile), "--force --prompt select_account"];
  if (user !== undefined) again.push("--expect-user", shellWord(user));
  if (tenant !== undefined) again.push("--expect-tenant", tenant);
  return new CliError("wrong_account", message, {
    hint: [
      `Sign in with the expected account: ${again.join(" ")}`,
      "Or give each account a profile of its own: entra-auth-cli create-profile --name NAME",
    ].join("\n"),
  });
}
