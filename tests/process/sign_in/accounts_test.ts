import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { ProgramResult } from "../../support/program/program.ts";
import { ADA, BOB, DEFAULT_TENANT_ID, GRACE } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox } from "../../support/program/sandbox.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";

const OTHER_TENANT = "99999999-2222-4333-8444-555555555555";

function assertWrongAccount(result: ProgramResult, ...names: string[]): void {
  assertEquals([result.code, result.stdout], [10, ""], result.stderr);
  for (const text of ["Hint: ", ...names]) assertStringIncludes(result.stderr, text);
}

Deno.test("--expect-user refuses another account with exit code 10, stores nothing and says so in the browser", async () => {
  await using sandbox = await openSandbox();
  const refused = await sandbox.signIn(["get-token", "--expect-user", ADA.username, "--output", "json"], BOB);
  assertEquals([refused.code, refused.stdout], [10, ""], refused.stderr);
  const { error } = JSON.parse(refused.stderr.slice(refused.stderr.indexOf("{")));
  assertEquals(error.code, "wrong_account");
  for (const name of [ADA.username, BOB.username]) assertStringIncludes(error.message, name);
  assertStringIncludes(refused.page.body, ", expected ");
  assertEquals(sandbox.provider.requestsTo("authorize").at(-1)?.query.login_hint, ADA.username);
  assertEquals((await sandbox.run(["inspect"])).code, 6, "nothing is stored");
});

Deno.test("--expect-user accepts a user name or object ID and checks cached and refreshed tokens", async () => {
  await using sandbox = await openSandbox();
  const expecting = (user: string, ...more: string[]) =>
    sandbox.run(["get-token", "--expect-user", user, ...more]);
  await sandbox.signIn(["get-token", "--expect-user", ADA.username.toUpperCase()], ADA);
  const cached = await expecting(ADA.objectId.toUpperCase(), "--expect-tenant", DEFAULT_TENANT_ID);
  assertEquals(cached.code, 0, cached.stderr);
  assertMatch(cached.stdout, /^\S+\n$/);
  assertWrongAccount(await expecting(BOB.username), "--force", BOB.username);
  assertWrongAccount(await expecting(ADA.username, "--expect-tenant", OTHER_TENANT), OTHER_TENANT);
  const requests = sandbox.provider.requestsTo("token").length;
  assertWrongAccount(await expecting(BOB.objectId, "--scope", "Mail.Read"));
  assertEquals(sandbox.provider.requestsTo("token").length, requests, "no refresh is sent");
  assertEquals(sandbox.browser.count, 1);
});

Deno.test("a profile with an expected user refuses every other account until the expected user signs in", async () => {
  await using sandbox = await openSandbox();
  const expectations = ["--expect-user", ADA.username, "--expect-tenant", DEFAULT_TENANT_ID];
  const created = await sandbox.run(createProfileArgs("work", sandbox.provider, ...expectations));
  assertEquals(created.code, 0, created.stderr);
  const asBob = await sandbox.signIn(["get-token", "--profile", "work"], BOB);
  assertWrongAccount(asBob, BOB.username, "--profile work --force");
  using adasBrowser = new UserAgent({ caPem: sandbox.provider.caPem });
  const program = sandbox.start(["get-token", "--profile", "work"]);
  await adasBrowser.signIn(await sandbox.browser.next(), ADA);
  assertEquals((await program.ended).code, 0);
  assertEquals((await sandbox.run(["refresh", "--profile", "work"])).code, 0);
  assertWrongAccount(await sandbox.run(["get-token", "--profile", "work", "--expect-user", BOB.username]));
  // The flag beats the profile, so the forced sign-in expects the user in the flag.
  const forced = ["get-token", "--profile", "work", "--expect-user", BOB.username, "--force"];
  assertEquals((await sandbox.signIn(forced, BOB)).code, 0);
  assertWrongAccount(await sandbox.run(["refresh", "--profile", "work"]), ADA.username, BOB.username);
});

Deno.test("a forced sign-in with another account replaces the account of a profile without an expected user", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"], ADA);
  using bobsBrowser = new UserAgent({ caPem: sandbox.provider.caPem });
  const program = sandbox.start(["get-token", "--force"]);
  await bobsBrowser.signIn(await sandbox.browser.next(), BOB);
  assertEquals((await program.ended).code, 0);
  const { account } = JSON.parse((await sandbox.run(["get-token", "--output", "json"])).stdout);
  assertEquals(account.username, BOB.username);
});

Deno.test("a guest from another tenant signs in, is refreshed and shown by the name in this tenant, and is not suggested", async () => {
  await using sandbox = await openSandbox({ accounts: [ADA, GRACE] });
  sandbox.provider.setAccessTokenTtl(60); // due for a refresh at once
  const visitor = { ...GRACE, username: GRACE.home.username };
  const signedIn = await sandbox.signIn(["get-token", "--output", "json"], visitor);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  const refreshed = await sandbox.run(["get-token", "--no-interactive", "--output", "json"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
  const expected = {
    username: GRACE.username,
    object_id: GRACE.objectId,
    tenant_id: DEFAULT_TENANT_ID,
  };
  for (const [source, { stdout }] of [["interactive", signedIn], ["refresh", refreshed]] as const) {
    const document = JSON.parse(stdout);
    assertEquals([document.source, document.account, document.tenant_id], [
      source,
      expected,
      DEFAULT_TENANT_ID,
    ]);
  }
  const status = await sandbox.run(["status", "--output", "json"]);
  const [shown] = JSON.parse(status.stdout).sign_ins;
  assertEquals([shown.account, shown.tenant_id], [expected, DEFAULT_TENANT_ID]);

  // Entra's sign-in page knows a guest by the name at home only.
  const again = ["get-token", "--force", "--expect-user", GRACE.username];
  assertEquals((await sandbox.signIn(again, visitor)).code, 0);
  const { login_hint: hint, prompt } = sandbox.provider.requestsTo("authorize").at(-1)?.query ?? {};
  assertEquals([hint, prompt], [undefined, "select_account"]);
});
