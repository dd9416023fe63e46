import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { shown, World } from "./token_world.ts";

Deno.test("getToken() saves no token for a profile that was deleted while the user signed in, and gives it all the same", async () => {
  const world = new World();
  world.signIn = () => {
    world.hasProfile = false;
    return world.issue("one");
  };
  assertEquals(shown(await world.get()), ["one", "interactive", false]);
  assertEquals(world.store.sessions, []);
  const notSaved = world.events.find((event) => event.kind === "not-saved");
  assertEquals(notSaved?.error.message, "Profile 'work' was deleted meanwhile");
});

Deno.test("getToken() saves a token where there was no profile to begin with", async () => {
  const world = new World();
  world.hasProfile = false;
  world.signIn = () => world.issue("one");
  assertEquals(shown(await world.get()), ["one", "interactive", true]);
});

Deno.test("getToken() asks nobody for a profile that was deleted while it waited for its turn", async () => {
  const world = new World();
  world.others = () => {
    world.hasProfile = false;
    return null;
  };
  const error = await assertRejects(() => world.get(), CliError, "'work' was deleted meanwhile");
  assertEquals([error.code, world.asked], ["no_profile", []]);
});
