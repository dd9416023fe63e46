import { assert, assertEquals } from "@std/assert";
import { basename } from "@std/path/basename";
import { join } from "@std/path/join";
import { shownDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA, CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { isExecutable } from "../../support/program/executable.ts";
import { hasNoPseudoTerminal, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasNoTrace, readTrace, traceCommand } from "../../support/program/traced_programs.ts";

/** A secret in every variable that can contain one, so that every leak is detected. */
const SECRETS = {
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "a certificate's password of the test",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "a pipeline's token of the test",
  SYSTEM_ACCESSTOKEN: "another pipeline's token of the test",
  GITLAB_OIDC_TOKEN: "a federated token of the test",
  IDENTITY_HEADER: "a machine's secret of the test",
  MSI_SECRET: "an old machine's secret of the test",
};

/** Puts these programs, each a line of shell, first on a PATH, and returns it. */
async function standIn({ folder }: Sandbox, programs: Readonly<Record<string, string>>): Promise<string> {
  const bin = join(folder, "stand-ins");
  await Deno.mkdir(bin);
  for (const [name, line] of Object.entries(programs)) {
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
  return `${bin}:${Deno.env.get("PATH")}`;
}

/**
 * Adds the programs of a traced run to the watch of the sandbox, and asserts that the run started exactly `expected`.
 * The stand-ins themselves may start others.
 */
async function assertStarted(sandbox: Sandbox, file: string, args: readonly string[], expected: string[]) {
  const traced = await readTrace(file);
  // A wrapper script may precede the program.
  const isItself = traced.map(({ commandLine }) => commandLine.join("\n").endsWith(args.join("\n")));
  assert(isItself.includes(true), "the run is traced");
  const others = traced.slice(isItself.lastIndexOf(true) + 1);
  for (const { path, commandLine, variables } of others) {
    sandbox.watch.noteStarted({ by: args, command: path, args: commandLine.slice(1), env: variables });
  }
  assertEquals(
    [...new Set(others.map(({ path }) => basename(path)))].sort(),
    expected.sort(),
    args.join(" "),
  );
}

Deno.test({
  name: "by the system's own trace no flow starts unnecessary programs or passes them a secret",
  ignore: hasNoTrace || hasNoPseudoTerminal,
  async fn() {
    const { secret = "", clientId } = CONFIDENTIAL_APPLICATION;
    await using sandbox = await openSandbox({ applications: [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION] });
    const { folder, browser, userAgent } = sandbox;
    // Outside of the sandbox, which would find the variables of the program there.
    await using parts = new AsyncDisposableStack();
    const traces = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    parts.defer(() => Deno.remove(traces, { recursive: true }));
    const [deno] = browser.browser.slice(1).split('"');
    const forwardSignals = `exec ${browser.browser.replace("%s", '"$1"')}`;
    const key = join(folder, "key");
    const PATH = await standIn(sandbox, {
      "a-browser": forwardSignals,
      "xdg-open": forwardSignals,
      "a-command": "exit 0",
      "secret-tool": `case $1 in
store) read -r key; echo "$key" >'${key}' ;;
search) if read -r key <'${key}'; then echo '[/1]'; echo "secret = $key"; fi 2>/dev/null ;;
esac`,
    });
    const env = { ...SECRETS, AZURE_CLIENT_SECRET: secret, PATH, ENTRA_AUTH_CLI_KEYRING: "secret-service" };
    const programs = ["a-browser", "xdg-open", "a-command"];
    // An executable reads the socket tables itself.
    const opened = [basename(deno ?? ""), ...(isExecutable ? [] : ["cat"])];

    let runs = 0;
    const trace = async (
      args: string[],
      expected: string[],
      { more = {}, visit }: { more?: Record<string, string>; visit?: (url: string) => Promise<unknown> } = {},
    ) => {
      const tracedTo = join(traces, `${runs++}`);
      const program = sandbox.start(args, { env: { ...env, ...more }, programs, tracedTo });
      if (visit !== undefined) {
        const url = await Promise.race([browser.next(), program.ended]);
        assert(typeof url === "string", JSON.stringify(url));
        await visit(url);
      }
      const { code, stderr } = await program.ended;
      assertEquals(code, 0, stderr);
      await assertStarted(sandbox, tracedTo, args, expected);
    };
    const visit = (url: string) => userAgent.signIn(url, ADA);

    await trace(["exec", "--", "a-command", "an argument"], [
      "a-browser",
      "a-command",
      "secret-tool",
      ...opened,
    ], { more: { BROWSER: "a-browser %s" }, visit });
    await trace(["get-token", "--force"], ["secret-tool", "xdg-open", ...opened], {
      more: { BROWSER: "", DISPLAY: ":0" },
      visit,
    });
    await trace(["get-token", "--verbose"], ["secret-tool"]);
    await trace(["refresh", "--verbose"], ["secret-tool"]);
    await trace(["inspect", "--verify"], ["secret-tool"]);
    await trace(["get-token", "--flow", "client-credentials", "--client-id", clientId], ["secret-tool"]);
    // The key now comes from the variable, so secret-tool deletes its own.
    const more = { ENTRA_AUTH_CLI_KEY: btoa("k".repeat(32)) };
    await trace(["status"], ["secret-tool"], { more: { ...more, ENTRA_AUTH_CLI_KEYRING: "" } });
    await trace(["clear-cache"], [], { more: { ...more, ENTRA_AUTH_CLI_KEYRING: "" } });

    const tracedTo = join(traces, "on-terminal");
    const words = "get-token --flow device-code";
    const command = `${traceCommand(tracedTo).join(" ")} entra-auth-cli ${words}`;
    const hidden = `sh -c "${command} >/dev/null 2>/dev/null </dev/null"`;
    const terminal = await startOnTerminal(sandbox, hidden, { env: { ...env, ...more } });
    const { uri, code } = await shownDeviceCode(terminal.stdoutMatch);
    await userAgent.enterDeviceCode(uri, code, ADA);
    assertEquals((await terminal.ended).code, 0);
    await assertStarted(sandbox, tracedTo, words.split(" "), ["tee"]);
  },
});
