import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import type { TokenRequest } from "../../../../src/flows/get_token/token_request.ts";
import {
  ADA,
  FORCED,
  LIFE_SECONDS,
  mustNot,
  REQUEST,
  shown,
  TestHarness,
} from "../../../support/fixtures/token_harness.ts";

const APPLICATION: TokenRequest = {
  ...REQUEST,
  key: { ...REQUEST.key, owner: "application" },
  flow: "client-credentials",
};

function withoutProfile(request: TokenRequest): TokenRequest {
  return { ...request, hasProfile: false, key: { ...request.key, identity: null } };
}

Deno.test("getToken() returns but does not save the token of a profile that was deleted during the sign-in", async () => {
  const world = new TestHarness();
  world.signIn = () => {
    world.hasProfile = false;
    return world.issue("one");
  };
  assertEquals(shown(await world.get()), ["one", "interactive", false]);
  assertEquals(world.store.sessions, []);
  const notSaved = world.events.find((event) => event.kind === "not-saved");
  assertEquals(notSaved?.error.message, "Profile 'work' was deleted while the command ran");
});

Deno.test("getToken() saves a token if there was no profile from the beginning", async () => {
  const world = new TestHarness();
  world.hasProfile = false;
  world.signIn = () => world.issue("one");
  assertEquals(shown(await world.get(withoutProfile(REQUEST))), ["one", "interactive", true]);
});

Deno.test("getToken() does not sign in to a profile that was deleted while it waited for the lock", async () => {
  const world = new TestHarness();
  world.others = () => {
    world.hasProfile = false;
    return null;
  };
  const error = await assertRejects(() => world.get(), CliError, "'work' was deleted while the command ran");
  assertEquals([error.code, world.asked], ["no_profile", []]);
});

Deno.test("getToken() neither gets nor saves an application's token for a profile that was deleted while it waited", async () => {
  const world = new TestHarness();
  world.store.beforeTurn = () => void (world.hasProfile = false);
  world.acquire = () => mustNot("get a token");
  const error = await assertRejects(
    () => world.get(APPLICATION),
    CliError,
    "'work' was deleted while the command ran",
  );
  assertEquals([error.code, world.store.sessions], ["no_profile", []]);

  world.acquire = () => world.issue("one");
  assertEquals(shown(await world.get(withoutProfile(APPLICATION))), [
    "one",
    "client-credentials",
    true,
  ]);
});

Deno.test("getToken() does not save an application's token without the lock, which deleting a profile takes", async () => {
  const world = new TestHarness();
  world.acquire = () => world.issue("one");
  world.store.exclusively = () => Promise.reject(new CliError("store", "locked by another process"));
  assertEquals(shown(await world.get(APPLICATION)), ["one", "client-credentials", false]);
  assertEquals(world.store.sessions, []);
  const notSaved = world.events.find((event) => event.kind === "not-saved");
  assertEquals(notSaved?.error.message, "locked by another process");
});

const OTHER = { id: "f".repeat(32), generation: 1 };

Deno.test("getToken() saves nothing for a profile that was recreated during the sign-in", async () => {
  const world = new TestHarness();
  world.signIn = () => {
    world.identity = OTHER;
    return world.issue("one");
  };
  assertEquals(shown(await world.get()), ["one", "interactive", false]);
  assertEquals(world.store.sessions, []);
});

Deno.test("getToken() neither refreshes nor returns a token of a profile that was recreated while it waited", async () => {
  const world = new TestHarness();
  await world.signInWith("one");
  world.clock.move(LIFE_SECONDS);
  world.store.beforeTurn = () => void (world.identity = OTHER);
  const error = await assertRejects(() => world.get(), CliError, "'work' was replaced by another one");
  assertEquals([error.code, world.refreshedWith], ["no_profile", []]);
});

Deno.test("getToken() gives a profile another generation once another account signs in, and only then", async () => {
  const world = new TestHarness();
  const generations: (number | undefined)[] = [];
  for (const homeAccountId of ["ada.tenant", "ada.tenant", "grace.tenant", "grace.tenant"]) {
    world.signIn = () => {
      const { token, cache } = world.issue("one");
      return { token: { ...token, account: { ...ADA, homeAccountId } }, cache };
    };
    await world.get({ ...FORCED, key: { ...FORCED.key, identity: world.identity } });
    generations.push(world.identity?.generation);
    assertEquals(world.store.sessions.map(({ identity }) => identity), [world.identity]);
  }
  assertEquals(generations, [1, 1, 2, 2]);
});

Deno.test("getToken() saves a sign-in though the profile cannot get an identity, or another generation", async () => {
  const world = new TestHarness();
  world.identity = null;
  world.profilesError = new CliError("store", "read only");
  world.signIn = () => world.issue("one");
  const request = { ...FORCED, key: { ...FORCED.key, identity: null } };
  assertEquals(shown(await world.get(request)), ["one", "interactive", true]);
  assertEquals(world.store.sessions.map(({ identity }) => identity), [null]);
  assertEquals(shown(await world.get({ ...request, acceptCached: true })), ["one", "cache", true]);
});

Deno.test("getToken() binds the tokens of a profile without an identity before it refreshes them", async () => {
  const world = new TestHarness();
  world.identity = null;
  world.profilesError = new CliError("store", "read only");
  const request = { ...REQUEST, key: { ...REQUEST.key, identity: null } };
  await world.signInWith("one", request);
  world.profilesError = null;
  world.clock.move(LIFE_SECONDS);
  world.refresh = () => {
    assertEquals(world.store.sessions.map(({ identity }) => identity), [world.identity]);
    return world.issue("two");
  };
  assertEquals(shown(await world.get(request)), ["two", "refresh", true]);
  assertEquals(world.store.sessions.map(({ identity }) => identity?.generation), [1]);
});
