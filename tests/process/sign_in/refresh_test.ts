/** Tests that no refresh token is lost. The provider accepts each one once, and revokes the sign-in at its reuse. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { findFakeTime } from "../../support/machine/fake_time.ts";
import type { Failure, Json } from "../../support/provider/failures.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** Signs in with a token that is about to expire. */
async function signInBriefly(sandbox: Sandbox): Promise<void> {
  sandbox.provider.setAccessTokenTtl(60);
  const signedIn = await sandbox.signIn(["get-token"]);
  assertEquals(signedIn.code, 0, signedIn.stderr);
}

/** Asserts that another refresh succeeds. */
async function assertRefreshes(sandbox: Sandbox, after: string): Promise<void> {
  const refreshed = await sandbox.run(["refresh"]);
  assertEquals(refreshed.code, 0, `${after}: ${refreshed.stderr}`);
}

function without(...names: string[]): Failure {
  const rewrite = (genuine: Json) =>
    Object.fromEntries(Object.entries(genuine).filter(([name]) => !names.includes(name)));
  return { kind: "rewrite", rewrite };
}

Deno.test("a refresh response without id_token or client_info keeps the session", async () => {
  await using sandbox = await openSandbox();
  await signInBriefly(sandbox);
  for (const missing of [["id_token"], ["client_info"], ["id_token", "client_info"]]) {
    sandbox.provider.failNext("token", without(...missing));
    const refreshed = await sandbox.run(["get-token", "--no-interactive", "--output", "json"]);
    assertEquals(refreshed.code, 0, `${missing}: ${refreshed.stderr}`);
    assertEquals(JSON.parse(refreshed.stdout).source, "refresh");
    await assertRefreshes(sandbox, missing.join());
  }
});

Deno.test("a new refresh token is stored if the rest of the response is invalid", async () => {
  await using sandbox = await openSandbox();
  await signInBriefly(sandbox);
  const invalid: Failure[] = [
    without("access_token"),
    without("token_type"),
    without("expires_in"),
    { kind: "rewrite", rewrite: (genuine) => ({ ...genuine, client_info: "!" }) },
    { kind: "claims", token: "id_token", change: (claims) => ({ ...claims, aud: "another" }) },
  ];
  for (const [number, failure] of invalid.entries()) {
    sandbox.provider.failNext("token", failure);
    const refused = await sandbox.run(["refresh"]);
    assertEquals([refused.code, refused.stdout], [3, ""], `${number}: ${refused.stderr}`);
    await assertRefreshes(sandbox, `failure ${number}`);
  }
});

Deno.test("no refresh is sent if its result cannot be stored", async () => {
  await using sandbox = await openSandbox();
  await signInBriefly(sandbox);
  const lock = join(sandbox.home, "tokens.lock");
  await Deno.remove(lock);
  await Deno.mkdir(lock);
  const before = sandbox.provider.requestsTo("token").length;
  const refused = await sandbox.run(["refresh"]);
  assertEquals([refused.code, refused.stdout], [7, ""], refused.stderr);
  assertEquals(sandbox.provider.requestsTo("token").length, before);
  await Deno.remove(lock);
  await assertRefreshes(sandbox, "the lock is a file again");
});

Deno.test("a refresh token that the authority declared invalid is not sent again", async () => {
  for (
    const dead of [
      { error: "invalid_grant", aadsts: 50173, suberror: "bad_token" },
      { error: "invalid_grant", aadsts: 700082 },
    ]
  ) {
    await using sandbox = await openSandbox();
    await signInBriefly(sandbox);
    sandbox.provider.failNext("token", { kind: "entraError", ...dead });
    const first = await sandbox.run(["get-token", "--no-interactive"]);
    assertEquals(first.code, 9, first.stderr);
    const asked = sandbox.provider.requestsTo("token").length;
    const second = await sandbox.run(["get-token", "--no-interactive"]);
    assertEquals(second.code, 9);
    assertEquals(`⟳ Refreshing token...\n${second.stderr}`, first.stderr);
    const refreshed = await sandbox.run(["refresh"]);
    assertEquals(refreshed.code, 3, refreshed.stderr);
    assertStringIncludes(refreshed.stderr, `AADSTS${dead.aadsts}`);
    assertEquals(sandbox.provider.requestsTo("token").length, asked);

    const again = await sandbox.signIn(["get-token"]);
    assertEquals(again.code, 0, again.stderr);
    await assertRefreshes(sandbox, "a sign-in");
  }
});

Deno.test("a refresh token is kept if only one request needs the user", async () => {
  await using sandbox = await openSandbox();
  await signInBriefly(sandbox);
  const failure = { error: "invalid_grant", aadsts: 50076, suberror: "basic_action" };
  sandbox.provider.failNext("token", { kind: "entraError", ...failure });
  const refused = await sandbox.run(["get-token", "--no-interactive"]);
  assertEquals(refused.code, 9, refused.stderr);
  await assertRefreshes(sandbox, "a demand for a second factor");
});

const fakeTime = await findFakeTime();

Deno.test({
  name: "a clock that is minutes behind or hours ahead refreshes once and loses nothing",
  ignore: fakeTime === null,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    for (const time of ["-20m", "+2h"]) {
      const clock = {
        env: { LD_PRELOAD: fakeTime ?? "", FAKETIME: time },
        flags: ["--minimum-dependency-age=0"],
      };
      await assertRefreshes(sandbox, time);
      const refreshed = await sandbox.run(["refresh"], clock);
      assertEquals(refreshed.code, 0, `${time}: ${refreshed.stderr}`);
      const asked = sandbox.provider.requestsTo("token").length;
      const cached = await sandbox.run(["get-token", "--no-interactive"], clock);
      assertEquals(cached.code, 0, `${time}: ${cached.stderr}`);
      assertEquals(cached.stderr, "");
      assertEquals(sandbox.provider.requestsTo("token").length, asked);
      await assertRefreshes(sandbox, `${time}, and right again`);
    }
    assert(sandbox.browser.count === 1);
  },
});
