import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parseExecInfo } from "../../../../src/cli/output/exec_credential.ts";
import { runGetToken } from "../../../../src/cli/commands/get_token.ts";
import { CliError } from "../../../../src/errors.ts";
import { MemoryContext } from "../../../support/fixtures/command_fixture.ts";

const V1 = "client.authentication.k8s.io/v1";
const V1BETA1 = "client.authentication.k8s.io/v1beta1";

function info(apiVersion: string, spec?: unknown): string {
  return JSON.stringify({ kind: "ExecCredential", apiVersion, spec });
}

Deno.test("parseExecInfo() returns the requested version and whether the client is interactive", () => {
  const table: [string | undefined, string, boolean][] = [
    [undefined, V1, true],
    [info(V1, { interactive: true }), V1, true],
    [info(V1BETA1, { interactive: false, cluster: { server: "https://x" } }), V1BETA1, false],
    [info(V1BETA1), V1BETA1, true],
  ];
  for (const [text, apiVersion, isInteractive] of table) {
    assertEquals(parseExecInfo(text), { apiVersion, isInteractive });
  }
});

Deno.test("parseExecInfo() refuses what no current Kubernetes client sends", () => {
  const wrong = [
    "x",
    "null",
    "[]",
    "{}",
    info("client.authentication.k8s.io/v1alpha1"),
    info("v1"),
    JSON.stringify({ kind: "Pod", apiVersion: V1 }),
    info(V1, 5),
  ];
  for (const text of wrong) {
    assertEquals(assertThrows(() => parseExecInfo(text), CliError).code, "usage", text);
  }
});

Deno.test("get-token --output exec-credential does not prompt if the client is not interactive", async () => {
  const context = new MemoryContext();
  context.variables.KUBERNETES_EXEC_INFO = info(V1BETA1, { interactive: false });
  context.signIn();
  await runGetToken({ profile: "work", output: "exec-credential" }, context);
  assertEquals(JSON.parse(context.terminal.data).apiVersion, V1BETA1);

  context.store.sessions = [];
  const run = () => runGetToken({ profile: "work", output: "exec-credential" }, context);
  const error = await assertRejects(run, CliError);
  assertEquals([error.code, error.message.includes("--no-interactive")], ["person_needed", false]);
  assertEquals([context.requests[0]?.mayPrompt], [false]);
  assertEquals(error.hint?.split("\n")[0], "Sign in first: entra-auth-cli get-token --profile work");
});

Deno.test("get-token prompts as requested if a user runs it, and for other formats", async () => {
  for (
    const [output, variables, expected] of [
      ["exec-credential", {}, true],
      ["exec-credential", { KUBERNETES_EXEC_INFO: info(V1, { interactive: true }) }, true],
      ["json", { KUBERNETES_EXEC_INFO: info(V1, { interactive: false }) }, true],
    ] as const
  ) {
    const context = new MemoryContext();
    Object.assign(context.variables, variables);
    await runGetToken({ profile: "work", output }, context);
    assertEquals(context.requests[0]?.mayPrompt, expected);
  }
  const context = new MemoryContext();
  const run = () => runGetToken({ profile: "work", output: "exec-credential", interactive: false }, context);
  await assertRejects(run, CliError);
  assertEquals(context.requests[0]?.mayPrompt, false);
});
