import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import type { TokenRequest } from "../../../../src/flows/get_token/token_request.ts";
import type { IssuedTokens } from "../../../../src/entra/token_client.ts";
import {
  LIFE_SECONDS,
  mustNot,
  NETWORK_DOWN,
  REQUEST,
  shown,
  TestHarness,
} from "../../../support/fixtures/token_harness.ts";

const SCOPE = "https://graph.microsoft.com/.default";
const APPLICATION: TokenRequest = {
  ...REQUEST,
  key: { ...REQUEST.key, owner: "application" },
  flow: "client-credentials",
  scopes: [SCOPE],
  mayPrompt: false,
};

function issue(world: TestHarness, name: string, lifeSeconds?: number): IssuedTokens {
  const issued = world.issue(name, [SCOPE], lifeSeconds);
  return { ...issued, token: { ...issued.token, account: null } };
}

Deno.test("getToken() acquires, caches, renews and forces an application's token without a user", async () => {
  const world = new TestHarness();
  world.acquire = () => issue(world, "first");
  assertEquals(shown(await world.get(APPLICATION)), ["first", "client-credentials", true]);
  assertEquals(world.kinds(), ["signed-in"]);

  world.acquire = () => mustNot("ask again");
  assertEquals(shown(await world.get(APPLICATION)), ["first", "cache", true]);
  assertEquals(world.kinds(), ["using-cached-token"]);

  world.clock.move(LIFE_SECONDS - 299);
  world.acquire = () => issue(world, "second");
  assertEquals(shown(await world.get(APPLICATION)), ["second", "client-credentials", true]);
  assertEquals(world.events.splice(0), [{ kind: "refreshing", expired: false }, { kind: "refreshed" }]);

  world.acquire = () => issue(world, "third");
  const forced = { ...APPLICATION, acceptCached: false, acceptRefresh: false };
  assertEquals(shown(await world.get(forced)), ["third", "client-credentials", true]);

  world.store.calls.length = 0;
  world.acquire = () => issue(world, "fourth");
  const apart = { ...forced, useStore: false };
  assertEquals(shown(await world.get(apart)), ["fourth", "client-credentials", false]);
  assertEquals(world.store.calls, []);
});

Deno.test("getToken() finds the application's credential before it takes the lock", async () => {
  const world = new TestHarness();
  world.acquire = () => issue(world, "token");
  world.prepareCredential = () => void world.store.calls.push("credential");
  await world.get(APPLICATION);
  assertEquals(world.store.calls, ["read", "credential", "exclusively work", "read", "save", "let go"]);
  // A token in the cache needs none.
  world.store.calls.length = 0;
  await world.get(APPLICATION);
  assertEquals(world.store.calls, ["read"]);
});

Deno.test("getToken() uses the application's token that another process got while this one waited for the lock", async () => {
  const world = new TestHarness();
  world.acquire = () => issue(world, "ours");
  await world.get(APPLICATION);
  const kept = world.store.sessions;
  world.store.sessions = [];
  world.events.length = 0;
  world.store.beforeTurn = () => void (world.store.sessions = kept);
  world.acquire = () => mustNot("ask twice");
  assertEquals(shown(await world.get(APPLICATION)), ["ours", "cache", true]);
});

Deno.test("getToken() falls back on an application's token that has not expired if the authority can't be reached", async () => {
  const world = new TestHarness();
  world.acquire = () => issue(world, "old");
  await world.get(APPLICATION);
  world.acquire = () => {
    throw NETWORK_DOWN;
  };
  world.clock.move(LIFE_SECONDS - 100);
  world.events.length = 0;
  assertEquals(shown(await world.get(APPLICATION)), ["old", "cache", true]);
  assertEquals(world.kinds(), ["refreshing", "refresh-failed"]);
  await assertRejects(() => world.get({ ...APPLICATION, acceptCached: false }), CliError, "unplugged");
  world.clock.move(100);
  await assertRejects(() => world.get(APPLICATION), CliError, "unplugged");
});

Deno.test("getToken() gets an application's token and reports that the store can't be locked and written", async () => {
  const world = new TestHarness();
  world.acquire = () => issue(world, "token");
  const broken = new CliError("store", "read-only");
  world.store.exclusively = () => Promise.reject(broken);
  world.store.saveError = broken;
  assertEquals(shown(await world.get(APPLICATION)), ["token", "client-credentials", false]);
  assertEquals(world.kinds(), ["not-saved", "signed-in"]);
});

Deno.test("getToken() makes one attempt if the application is refused, and throws the authority's error", async () => {
  const world = new TestHarness();
  let attempts = 0;
  world.acquire = () => {
    attempts++;
    throw new CliError("sign_in_failed", "The client secret is wrong");
  };
  const error = await assertRejects(() => world.get(APPLICATION), CliError, "The client secret is wrong");
  assertEquals([error.code, attempts], ["sign_in_failed", 1]);
});

Deno.test("getToken() rejects an application's token, cached or new, if a user is expected", async () => {
  const world = new TestHarness();
  const expecting = { ...APPLICATION, expect: { user: "ada@contoso.example" } };
  const refused = async () => (await assertRejects(() => world.get(expecting), CliError)).code;
  assertEquals(await refused(), "wrong_account");
  world.acquire = () => issue(world, "token");
  await world.get(APPLICATION);
  assertEquals(await refused(), "wrong_account");
});
