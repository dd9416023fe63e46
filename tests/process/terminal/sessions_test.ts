import { assertEquals } from "@std/assert";
import { ADA } from "../../support/provider/directory.ts";
import { plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import type { Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, type RunningShell } from "../../support/program/shell.ts";
import { testOnTerminal } from "../../support/program/test_on_terminal.ts";

const SESSIONS = new URL("../../fixtures/sessions/", import.meta.url);
const CTRL_U = "\x15";

/** Runs a command on a terminal, and returns the command line and what the terminal shows. */
async function record(
  sandbox: Sandbox,
  command: string,
  act: (terminal: RunningShell) => Promise<unknown> = () => Promise.resolve(),
  variables: Record<string, string> = {},
): Promise<string> {
  const { provider, folder } = sandbox;
  // Without NO_COLOR there would be a countdown.
  const env = { NO_COLOR: "1", AZURE_AUTHORITY_HOST: provider.origin, ...variables };
  const terminal = await startOnTerminal(sandbox, command, { env });
  await act(terminal);
  const shown = plainScreen((await terminal.ended).stdout);
  return `$ ${command}\n${shown}\n`
    .replaceAll(provider.clientId, "CLIENT_ID").replaceAll(provider.tenantId, "TENANT_ID")
    .replaceAll(provider.origin, "https://AUTHORITY").replaceAll(folder, "FOLDER")
    .replaceAll(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "ID")
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "TIME")
    // The words of git, which depend on its version.
    .replaceAll(/^fatal: .*\n/gm, "");
}

/** Types each answer once its prompt is the last text on the terminal. */
async function answer(terminal: RunningShell, answers: readonly [RegExp, string][]): Promise<void> {
  for (const [prompt, typed] of answers) {
    await terminal.stdoutMatch(prompt);
    await terminal.type(typed);
  }
}

async function assertSession(name: string, recorded: string): Promise<void> {
  assertEquals(recorded, await Deno.readTextFile(new URL(name, SESSIONS)), `tests/fixtures/sessions/${name}`);
}

testOnTerminal("recorded session: from nothing to the first token", async (sandbox) => {
  const { provider, userAgent, browser } = sandbox;
  await sandbox.run(["delete-profile", "--name", "default"]);
  const first = await record(sandbox, "entra-auth-cli get-token", async (terminal) => {
    await answer(terminal, [
      [/Create it now\? \(Y\/n\) › $/, "\r"],
      [/Tenant ID › $/, `${provider.tenantId}\r`],
      [/Client ID › $/, `${provider.clientId}\r`],
      [/Flow \(interactive\) › $/, "\r"],
      [/Scopes \(User\.Read\) › $/, "\r"],
    ]);
    await userAgent.signIn(await browser.next(), ADA);
  });
  const second = await record(sandbox, "entra-auth-cli get-token");
  await assertSession("first_token.txt", first + second);
});

testOnTerminal("recorded session: a mistake in each prompt of create-profile", async (sandbox) => {
  const { clientId } = sandbox.provider;
  const recorded = await record(sandbox, "entra-auth-cli create-profile", (terminal) =>
    answer(terminal, [
      [/Profile Name › $/, "my/app\r"],
      [/Profile Name › my\/app$/, `${CTRL_U}default\r`],
      [/Profile Name › default$/, `${CTRL_U}job\r`],
      [/Tenant ID › $/, "contoso\r"],
      [/Tenant ID › contoso$/, ".example\r"],
      [/Client ID › $/, "my app\r"],
      [/Client ID › my app$/, `${CTRL_U}${clientId}\r`],
      [/Flow \(interactive\) › $/, "password\r"],
      [/Flow \(interactive\) › password$/, `${CTRL_U}4\r`],
      [/Scopes \(.*\) › $/, "User.Read\r"],
      [/Scopes \(.*\) › User\.Read$/, `${CTRL_U}\r`],
      [/Client Secret \(Enter: none\) › $/, `${clientId}\r`],
      [/Use it anyway\? \(y\/N\) › $/, "\r"],
      [/anyway[^]*Client Secret \(Enter: none\) › $/, "\r"],
    ]));
  await assertSession("mistakes.txt", recorded);
});

testOnTerminal(
  "recorded session: a sign-in that the user cancels, and one that is refused",
  async (sandbox) => {
    const { userAgent, browser, provider } = sandbox;
    const visit = (cancelSignIn: boolean) => async () =>
      void await userAgent.signIn(await browser.next(), { ...ADA, cancelSignIn });
    const cancelled = await record(sandbox, "entra-auth-cli get-token", visit(true));
    provider.failNext("authorize", { kind: "entraError", error: "consent_required", aadsts: 65001 });
    const refused = await record(sandbox, "entra-auth-cli get-token", visit(false));
    await assertSession("refused.txt", cancelled + refused);
  },
);

testOnTerminal("recorded session: a missing token in kubectl and git", async (sandbox) => {
  const info = {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    spec: { interactive: false },
  };
  const kubectl = await record(
    sandbox,
    "entra-auth-cli get-token --output exec-credential",
    undefined,
    { KUBERNETES_EXEC_INFO: JSON.stringify(info) },
  );
  const config = {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "credential.helper",
    GIT_CONFIG_VALUE_0: "!entra-auth-cli credential-helper --no-interactive",
  };
  const git = hasCommand("git")
    ? await record(sandbox, "echo url=https://dev.azure.com/contoso | git credential fill", undefined, config)
    : "";
  const golden = await Deno.readTextFile(new URL("missing_token.txt", SESSIONS));
  const expected = git === "" ? golden.slice(0, golden.indexOf("$ echo")) : golden;
  assertEquals(kubectl + git, expected, "tests/fixtures/sessions/missing_token.txt");
});
