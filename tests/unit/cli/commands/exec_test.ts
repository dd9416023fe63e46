import { assertEquals, assertRejects } from "@std/assert";
import { runExec } from "../../../../src/cli/commands/exec.ts";
import type { ExecFlags } from "../../../../src/cli/options/command_options.ts";
import { CliError } from "../../../../src/errors.ts";
import { Secret } from "../../../../src/text/secret.ts";
import { MemoryContext, NOW } from "../../../support/fixtures/command_fixture.ts";

async function run(flags: ExecFlags, prepare: (context: MemoryContext) => void = () => {}) {
  const context = new MemoryContext();
  prepare(context);
  await runExec({ profile: "work", ...flags }, ["tool", "--flag", ""], context);
  return context;
}

Deno.test("exec runs the command with the token in the variable, and exits with its exit code", async () => {
  const { ran, exitCode } = await run({}, (context) => context.ended = { kind: "ended", code: 9 });
  assertEquals(ran, [["tool", ["--flag", ""], { ACCESS_TOKEN: "the-token" }]]);
  assertEquals(exitCode, 9);
  assertEquals((await run({ env: "MY_TOKEN" })).ran[0]?.[2], { MY_TOKEN: "the-token" });
});

Deno.test("exec prints a sign-in as get-token does, and nothing for a cached token", async () => {
  const said = async (flags: ExecFlags) =>
    (await run(flags, (context) => {
      context.signIn(NOW - 1);
      context.tell.push({ kind: "using-cached-token" });
    })).terminal.said;
  assertEquals(await said({}), ["⟳ Refreshing expired token...", "✓ Token refreshed"]);
  assertEquals(await said({ quiet: true }), []);
  assertEquals(await said({ silent: true }), []);
});

Deno.test("exec ends the countdown before the command runs and after an error", async () => {
  const waiting = { kind: "waiting-for-process", pid: 1, profile: "work" } as const;
  const { terminal } = await run({}, (context) => {
    context.signIn(NOW - 1);
    context.tell.push(waiting, { kind: "using-cached-token" });
  });
  assertEquals([terminal.waits.includes(null), terminal.waits.at(-1)], [true, "over"]);

  const context = new MemoryContext();
  context.tell.push(waiting);
  context.tokenError = new CliError("timeout", "too late");
  await assertRejects(() => runExec({ profile: "work" }, ["tool"], context), CliError, "too late");
  assertEquals(context.terminal.waits.at(-1), "over");
});

Deno.test("exec passes on the flags that choose a token", async () => {
  const context = new MemoryContext();
  const flags = { scope: ["a b"], interactive: false, timeout: "9s", force: true };
  const error = await assertRejects(
    () => runExec({ profile: "work", ...flags }, ["tool"], context),
    CliError,
  );
  assertEquals([error.code, context.ran], ["person_needed", []]);
  const [request] = context.requests;
  assertEquals(
    [request?.scopes, request?.mayPrompt, request?.manner.timeoutMs, request?.acceptCached],
    [["a", "b"], false, 9000, false],
  );
});

Deno.test("exec --managed-identity removes the variable by which SDKs take the endpoint for Service Fabric", async () => {
  const context = Object.assign(new MemoryContext(), {
    listenForTokenRequests: () =>
      Promise.resolve({
        port: 1234,
        secret: new Secret("s"),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  });
  await runExec({ profile: "work", managedIdentity: true }, ["tool"], context);
  assertEquals(context.ran[0]?.[2], {
    IDENTITY_ENDPOINT: "http://127.0.0.1:1234/msi/token",
    IDENTITY_HEADER: "s",
    AZD_AUTH_ENDPOINT: "http://127.0.0.1:1234",
    AZD_AUTH_KEY: "s",
    IDENTITY_SERVER_THUMBPRINT: null,
  });
});

Deno.test("exec acquires no token without a command or with an invalid variable", async () => {
  const wrong: [ExecFlags, string[]][] = [[{}, []], [{}, [""]], [{ env: "A=B" }, ["a"]], [{ env: "1" }, [
    "a",
  ]]];
  for (const [flags, line] of wrong) {
    const context = new MemoryContext();
    const error = await assertRejects(() => runExec({ profile: "work", ...flags }, line, context), CliError);
    assertEquals([error.code, context.requests.length, context.ran.length], ["usage", 0, 0]);
  }
});
