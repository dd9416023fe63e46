import { assertEquals, assertRejects } from "@std/assert";
import { runClearCache } from "../../../../src/cli/commands/clear_cache.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext } from "../../../support/fixtures/command_fixture.ts";

Deno.test("clear-cache reports what it deleted", async () => {
  const context = new MemoryContext();
  context.signIn();
  await runClearCache({ profile: "work" }, context);
  await runClearCache({}, context);
  assertEquals(context.store.forgotten, ["work", "default"]);
  assertEquals(context.terminal.said, [
    "✓ Cached tokens of profile 'work' deleted",
    "Profile 'default' has no cached tokens",
    "Hint: entra-auth-cli list-profiles\n      Profile 'default' does not exist.",
  ]);
  await runClearCache({ profile: "work" }, context);
  assertEquals(context.terminal.said.slice(3), ["Profile 'work' has no cached tokens"]);
});

Deno.test("clear-cache reports where it moved an unreadable file", async () => {
  const context = new MemoryContext();
  context.store.readError = new CliError("unreadable_store", "The key is damaged");
  context.store.moveAside = () => Promise.resolve("/home/me/tokens.enc.unreadable");
  await runClearCache({ profile: "work" }, context);
  assertEquals(context.terminal.said, [
    "The key is damaged\nThe token file was moved, with the tokens of all profiles, to /home/me/tokens.enc.unreadable",
  ]);
});

Deno.test("clear-cache --all --yes deletes the tokens of all profiles", async () => {
  const context = new MemoryContext();
  context.signIn();
  await runClearCache({ all: true, yes: true }, context);
  await runClearCache({ all: true, yes: true }, context);
  assertEquals(context.store.forgotten, ["work"]);
  assertEquals(context.terminal.said, [
    "✓ Cached tokens of all profiles deleted",
    "No profile has cached tokens",
  ]);
});

Deno.test("clear-cache --all deletes nothing without confirmation, or if a profile is named too", async () => {
  for (const [flags, code] of [[{}, "person_needed"], [{ profile: "work", yes: true }, "usage"]] as const) {
    const context = new MemoryContext();
    const error = await assertRejects(() => runClearCache({ all: true, ...flags }, context), CliError);
    assertEquals([error.code, context.store.forgotten], [code, []]);
  }
});
