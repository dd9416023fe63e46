import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import type { TokenRequest } from "../../../../src/flows/get_token/token_request.ts";
import { mustNot, REQUEST, shown, TestHarness } from "../../../support/fixtures/token_harness.ts";

const APPLICATION: TokenRequest = {
  ...REQUEST,
  key: { ...REQUEST.key, owner: "application" },
  flow: "client-credentials",
};

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
  assertEquals(shown(await world.get({ ...REQUEST, hasProfile: false })), ["one", "interactive", true]);
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
  assertEquals(shown(await world.get({ ...APPLICATION, hasProfile: false })), [
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
