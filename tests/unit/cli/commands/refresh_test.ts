import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { runRefresh } from "../../../../src/cli/commands/refresh.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext } from "../../../support/fixtures/command_fixture.ts";

Deno.test("refresh allows a refresh and nothing else, and prints no token", async () => {
  const context = new MemoryContext();
  context.signIn();
  await runRefresh({ profile: "work" }, context);
  const [request] = context.requests;
  assertEquals(
    [request?.acceptCached, request?.acceptRefresh, request?.mayPrompt, request?.useStore],
    [false, true, false, true],
  );
  assertEquals(context.terminal.data, "");
  assertMatch(context.terminal.said.join("\n"), /^✓ Token refreshed\nToken expires: /m);
});

Deno.test("refresh fails if the new token cannot be saved, since it prints none", async () => {
  const context = new MemoryContext();
  context.signIn();
  context.store.saveError = new CliError("store", "the disk is full");
  const error = await assertRejects(() => runRefresh({ profile: "work" }, context), CliError);
  assertEquals([error.code, context.terminal.data], ["store", ""]);
});

Deno.test("refresh --output prints the new token in that format", async () => {
  const context = new MemoryContext();
  context.signIn();
  await runRefresh({ profile: "work", output: "header" }, context);
  const token = context.result.token.accessToken.reveal();
  assertEquals(context.terminal.data, `Authorization: Bearer ${token}\n`);
});

Deno.test("refresh rejects the format of Kubernetes clients, and an invalid time limit, before any request", async () => {
  for (
    const [flags, value] of [[{ output: "exec-credential" }, "exec-credential"], [
      { timeout: "0s" },
      "0s",
    ]] as const
  ) {
    const context = new MemoryContext();
    context.signIn();
    const error = await assertRejects(
      () => runRefresh({ profile: "work", ...flags }, context),
      CliError,
      value,
    );
    assertEquals([error.code, context.requests.length], ["usage", 0]);
  }
});

Deno.test("refresh passes on the flags that a sign-in for the same token needs", async () => {
  const context = new MemoryContext();
  const authority = "https://login.contoso.example";
  const flags = { tenant: "contoso.example", authority, scope: ["Mail.Read"] };
  const error = await assertRejects(() => runRefresh({ profile: "work", ...flags }, context), CliError);
  assertEquals(error.code, "no_token");
  const [request] = context.requests;
  assertEquals(request?.key.tenant, "contoso.example");
  assertEquals(request?.signInFlags?.(), [
    ...["--scope", "Mail.Read", "--tenant-id", "contoso.example", "--authority", authority],
  ]);
});
