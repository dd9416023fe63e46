import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { assertExpected, type ExpectedAccount } from "../../../src/identity/expected_account.ts";
import type { Account } from "../../../src/identity/token.ts";

const TENANT = "11111111-2222-4333-8444-555555555555";
const OTHER_TENANT = "99999999-2222-4333-8444-555555555555";
const ADA: Account = {
  homeAccountId: "ada.home",
  username: "Ada@Contoso.Example",
  objectId: "ADA00000-1111-4222-8333-444444444444",
  tenantId: TENANT,
};
const OWNER = { profile: "work", tenant: "organizations" };

function refusal(account: Account | null, expected: ExpectedAccount, pinned?: Account): CliError {
  const error = assertThrows(() => assertExpected(account, expected, OWNER, pinned), CliError);
  assertEquals([error.code, error.exitCode], ["wrong_account", 10]);
  return error;
}

Deno.test("assertExpected() accepts any account if none is expected", () => {
  for (const account of [ADA, null]) assertExpected(account, {}, OWNER);
});

Deno.test("assertExpected() compares user name, object ID and tenant ID ignoring case", () => {
  assertExpected(ADA, { user: "ada@contoso.example" }, OWNER);
  assertExpected(ADA, { user: "ada00000-1111-4222-8333-444444444444", tenant: TENANT }, OWNER);
});

Deno.test("assertExpected() compares a user name exactly, except for case", () => {
  for (const mark of ["\0", " ", "\u200e", "\u202e", "\ufffd"]) {
    for (const username of [`${mark}${ADA.username}`, `${ADA.username}${mark}`]) {
      refusal({ ...ADA, username }, { user: "ada@contoso.example" });
    }
  }
  // The Kelvin sign, whose lower case is the letter k, and the Angstrom sign.
  refusal({ ...ADA, username: "\u212aate@contoso.example" }, { user: "kate@contoso.example" });
  refusal({ ...ADA, username: "\u212bsa@contoso.example" }, { user: "\u00e5sa@contoso.example" });
  assertExpected(
    { ...ADA, username: "\u00c5sa@Contoso.Example" },
    { user: "\u00e5sa@contoso.example" },
    OWNER,
  );
});

Deno.test("assertExpected() does not take an object ID for a user name", () => {
  const user = "ada00000-1111-4222-8333-444444444444";
  refusal({ ...ADA, username: user, objectId: "bob" }, { user });
});

Deno.test("assertExpected() rejects another user or tenant and names both", () => {
  const user = refusal(ADA, { user: "bob@contoso.example" });
  assertStringIncludes(user.message, "Ada@Contoso.Example");
  assertStringIncludes(user.message, "bob@contoso.example");
  assertStringIncludes(
    user.hint ?? "",
    "get-token --profile work --force --prompt select_account --expect-user bob@contoso.example\n",
  );
  assertStringIncludes(refusal(ADA, { tenant: OTHER_TENANT }).message, OTHER_TENANT);
  refusal({ ...ADA, username: "" }, { user: "ada@contoso.example" });
});

Deno.test("assertExpected() checks only the tenant of an application", () => {
  refusal(null, { user: "ada@contoso.example" });
  refusal(null, { tenant: TENANT });
  assertExpected(null, { tenant: TENANT }, { ...OWNER, tenant: TENANT });
});

Deno.test("assertExpected() rejects another account that now has the user name of the first one", () => {
  const successor = { ...ADA, homeAccountId: "successor.home", objectId: "successor" };
  const error = refusal(successor, { user: "ada@contoso.example" }, ADA);
  assertStringIncludes(error.hint ?? "", "clear-cache --profile work");
  assertExpected(ADA, { user: "ada@contoso.example" }, OWNER, ADA);
  // Without an expected user, a forced sign-in may change the account.
  assertExpected(successor, { tenant: TENANT }, OWNER, ADA);
  // The earlier account was not the expected user, so it is not pinned.
  assertExpected(successor, { user: "ada@contoso.example" }, OWNER, {
    ...ADA,
    username: "b@c",
    objectId: "b",
  });
});
