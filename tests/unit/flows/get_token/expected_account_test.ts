import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import {
  ADA,
  FORCED,
  LIFE_SECONDS,
  REQUEST,
  shown,
  TestHarness,
} from "../../../support/fixtures/token_harness.ts";

const EXPECTS_ADA = { ...REQUEST, expect: { user: ADA.username } };
const EXPECTS_BOB = { ...REQUEST, expect: { user: "bob@contoso.example" } };

async function isRefused(work: () => Promise<unknown>): Promise<void> {
  assertEquals((await assertRejects(work, CliError)).code, "wrong_account");
}

Deno.test("getToken() saves nothing of a sign-in as another user than the expected one", async () => {
  const world = new TestHarness();
  world.signIn = () => world.issue("ada's");
  await isRefused(() => world.get(EXPECTS_BOB));
  assertEquals([world.store.sessions, world.kinds()], [[], []]);
  assertEquals(shown(await world.get(EXPECTS_ADA)), ["ada's", "interactive", true]);
});

Deno.test("getToken() rejects a cached and a refreshed token of another account without a sign-in", async () => {
  const world = new TestHarness();
  await world.signInWith("ada's");
  await isRefused(() => world.get(EXPECTS_BOB));
  world.clock.move(LIFE_SECONDS);
  await isRefused(() => world.get(EXPECTS_BOB));
  assertEquals(world.clientsLoaded, 0, "nothing is refreshed for the wrong account");
  world.refresh = () => world.issue("ada's second");
  assertEquals(shown(await world.get(EXPECTS_ADA)), ["ada's second", "refresh", true]);
});

Deno.test("getToken() rejects the token of another account that another process signed in to", async () => {
  const world = new TestHarness();
  world.others = () => {
    world.store.sessions = [{
      ...REQUEST.key,
      account: ADA,
      tokens: [{ ...world.issue("ada's").token, requestedScopes: ["User.Read"], obtainedAt: 0 }],
      msalCache: world.issue("ada's").cache,
    }];
    return { kind: "signed-in" };
  };
  await isRefused(() => world.get(EXPECTS_BOB));
});

Deno.test("getToken() with --force replaces the account only if none is expected", async () => {
  const world = new TestHarness();
  const bob = { homeAccountId: "bob.tenant", username: ADA.username, objectId: "bob", tenantId: "tenant" };
  await world.signInWith("ada's", EXPECTS_ADA);
  world.signIn = () => {
    const { token, cache } = world.issue("bob's");
    return { token: { ...token, account: bob }, cache };
  };
  // The user name was given to somebody else: the account of the first sign-in counts.
  await isRefused(() => world.get({ ...FORCED, expect: EXPECTS_ADA.expect }));
  assertEquals(shown(await world.get(EXPECTS_ADA)), ["ada's", "cache", true]);
  assertEquals(shown(await world.get(FORCED)), ["bob's", "interactive", true]);
});

Deno.test("getToken() suggests the expected user at the sign-in page, not the signed-in one", async () => {
  const world = new TestHarness();
  const suggested = async (request: typeof REQUEST) => {
    await world.get(request).catch(() => {});
    const { prompt, loginHint } = world.asked.splice(0)[0] ?? {};
    return [prompt, loginHint];
  };
  world.signIn = () => world.issue("ada's");
  assertEquals(await suggested(EXPECTS_BOB), [undefined, "bob@contoso.example"]);
  assertEquals(await suggested(EXPECTS_ADA), [undefined, ADA.username]);
  assertEquals(await suggested({ ...FORCED, expect: EXPECTS_BOB.expect }), [
    undefined,
    "bob@contoso.example",
  ]);
  assertEquals(await suggested({ ...FORCED, expect: { user: "an-object-id" } }), [
    "select_account",
    undefined,
  ]);
  assertEquals(await suggested({ ...FORCED, suggestedUser: "hint@contoso.example" }), [
    undefined,
    "hint@contoso.example",
  ]);
});
