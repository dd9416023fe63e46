import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import type { Session } from "../../../../src/store/session.ts";
import {
  LIFE_SECONDS,
  mustNot,
  REQUEST,
  shown,
  TestHarness,
} from "../../../support/fixtures/token_harness.ts";

/** A world with an expired token, in which the deadlines come when the test says so. */
async function expiredHarness(): Promise<{ world: TestHarness; deadline: AbortController; waits: number[] }> {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  world.refresh = () => world.issue("two");
  const deadline = new AbortController();
  const waits: number[] = [];
  world.clock.deadline = (ms) => {
    waits.push(ms);
    return { signal: deadline.signal, [Symbol.dispose]: () => void waits.splice(waits.indexOf(ms), 1) };
  };
  return { world, deadline, waits };
}

/** Changes the account of what is kept. */
function setAccount(world: TestHarness, account: Session["account"]): void {
  world.store.sessions = world.store.sessions.map((session) => ({ ...session, account }));
}

Deno.test("getToken() reports a wait for the refresh of another process after a second", async () => {
  const { world, deadline, waits } = await expiredHarness();
  world.store.beforeTurn = () => {
    assertEquals(waits, [1000]);
    deadline.abort();
  };
  assertEquals(shown(await world.get()), ["two", "refresh", true]);
  assertEquals(world.events[0], { kind: "waiting-for-refresh", profile: "work" });
  assertEquals(world.kinds(), ["waiting-for-refresh", "refreshing", "refreshed"]);
});

Deno.test("getToken() does not report a wait during its own refresh", async () => {
  const { world, waits } = await expiredHarness();
  world.refresh = () => {
    assertEquals(waits, [], "the deadline is over");
    return world.issue("two");
  };
  assertEquals(shown(await world.get()), ["two", "refresh", true]);
  assertEquals(world.kinds(), ["refreshing", "refreshed"]);
});

Deno.test("getToken() finds the application's credential before it takes the lock to refresh", async () => {
  const { world } = await expiredHarness();
  world.prepareCredential = () => void world.store.calls.push("credential");
  await world.get();
  assertEquals(world.store.calls, [
    "read",
    "credential",
    "exclusively work",
    "read",
    "reserve",
    "save",
    "let go",
  ]);
});

Deno.test("getToken() signs in if the account of the cached tokens is unknown", async () => {
  const { world } = await expiredHarness();
  world.refresh = () => mustNot("refresh");
  setAccount(world, null);
  world.signIn = () => world.issue("two");
  assertEquals(shown(await world.get()), ["two", "interactive", true]);
  assertEquals(world.asked, [{ scopes: ["User.Read"], prompt: "select_account" }]);
});

Deno.test("getToken() does not suggest an account without a name", async () => {
  const { world } = await expiredHarness();
  const [session] = world.store.sessions;
  assert(session !== undefined && session.account !== null);
  setAccount(world, { ...session.account, username: "" });
  world.signIn = () => world.issue("two");
  assertEquals(shown(await world.get({ ...REQUEST, acceptCached: false, acceptRefresh: false })), [
    "two",
    "interactive",
    true,
  ]);
  assertEquals(world.asked, [{ scopes: ["User.Read"], prompt: "select_account" }]);
});

Deno.test("getToken() throws unexpected errors instead of signing in or not saving", async () => {
  const fault = new TypeError("undefined is not a function");
  const { world } = await expiredHarness();
  world.refresh = () => {
    throw fault;
  };
  assertStrictEquals(await assertRejects(() => world.get()), fault);
  assertEquals(world.asked, []);
  const { world: other } = await expiredHarness();
  other.store.save = () => Promise.reject(fault);
  assertStrictEquals(await assertRejects(() => other.get()), fault);
});
