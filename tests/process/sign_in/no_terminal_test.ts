import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA } from "../../support/provider/directory.ts";
import { plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { NO_DISPLAY, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { testOnTerminal } from "../../support/program/test_on_terminal.ts";

const FAST = { devicePollInterval: 1 };
/** The redirections of a script that hides stderr and has no terminal on stdin. */
const HIDDEN = "2>/dev/null </dev/null";

function testHere(name: string, test: (sandbox: Sandbox) => Promise<void>, options = FAST): void {
  testOnTerminal(name, test, options);
}

/** Starts the program in a shell with stdout in a file and every other stream hidden. */
async function startHidden(sandbox: Sandbox, args: string, env: Record<string, string>) {
  const file = `${sandbox.folder}/stdout`;
  const terminal = await startOnTerminal(sandbox, `sh -c "entra-auth-cli ${args} >'${file}' ${HIDDEN}"`, {
    env,
  });
  return { ...terminal, file };
}

testHere(
  "the device code appears on the terminal if a script hides stderr, and only the token on stdout",
  async (sandbox) => {
    const hidden = await startHidden(sandbox, "get-token --output token", NO_DISPLAY);
    await enterDeviceCode(sandbox, hidden.stdoutMatch);
    const { code, stdout } = await hidden.ended;
    assertEquals(code, 0, stdout);
    assertMatch(await Deno.readTextFile(hidden.file), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    for (const text of ["Waiting", "left", "successful", "\x1b"]) {
      assert(!stdout.includes(text), "only what the user must see is shown");
    }
  },
);

testHere("the URL appears on the terminal if a script hides stderr", async (sandbox) => {
  for (
    const [args, env] of [["get-token --show-url", {}], ["get-token --force", {
      BROWSER: "no-such-browser",
    }]] as const
  ) {
    const hidden = await startHidden(sandbox, args, env);
    const [, url = ""] = await hidden.stdoutMatch(/^ {2}(https:\S+)\r$/m);
    await sandbox.userAgent.signIn(url, ADA);
    assertEquals((await hidden.ended).code, 0);
  }
});

testHere("a prompt appears on the terminal if stderr is hidden", async (sandbox) => {
  const command = `sh -c "entra-auth-cli delete-profile --name default 2>/dev/null >/dev/null"`;
  const terminal = await startOnTerminal(sandbox, command);
  await terminal.stdoutMatch(/Delete profile 'default'/);
  await terminal.type("y\r");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, plainScreen(stdout));
  assertEquals((await sandbox.run(["list-profiles", "--output", "json"])).stdout.trim(), "[]");
});

Deno.test("without a terminal the fallback to a device code exits with code 9 and a hint", async () => {
  await using sandbox = await openSandbox(FAST);
  for (const env of [NO_DISPLAY, { ...NO_DISPLAY, SSH_TTY: "/dev/pts/1" }]) {
    const result = await sandbox.run(["get-token"], { env, withoutTerminal: true });
    assertEquals([result.code, result.stdout], [9, ""], result.stderr);
    assertMatch(
      result.stderr,
      /^error: No display was detected, and there is no terminal to show a code on\nHint: /,
    );
    assertStringIncludes(result.stderr, "--flow device-code");
    assertStringIncludes(result.stderr, "entra-auth-cli get-token --profile default\n");
  }
  assertEquals(sandbox.provider.requests, []);
});

Deno.test({
  name: "the fallback exits with code 8 and names the flag if Deno may not reach the terminal",
  ignore: Deno.build.os === "windows" || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using sandbox = await openSandbox(FAST);
    // Deno cannot deny by name what is allowed by name, so the path is denied.
    const { stdout } = await new Deno.Command("sh", { args: ["-c", "command -v tee"] }).output();
    const denied = [`--deny-run=${new TextDecoder().decode(stdout).trim()}`];
    const result = await sandbox.run(["get-token"], { env: NO_DISPLAY, withoutTerminal: true, denied });
    assertEquals([result.code, result.stdout], [8, ""], result.stderr);
    assertStringIncludes(result.stderr, "--allow-run=tee");
    // An explicit device code flow needs no terminal.
    const program = sandbox.start(["get-token", "--flow", "device-code"], { withoutTerminal: true, denied });
    await enterDeviceCode(sandbox, program.stderrMatch);
    assertEquals((await program.ended).code, 0);
  },
});

Deno.test("without a terminal an explicit --flow device-code writes the code to stderr and waits", async () => {
  await using sandbox = await openSandbox(FAST);
  const program = sandbox.start(["get-token", "--flow", "device-code"], { withoutTerminal: true });
  await enterDeviceCode(sandbox, program.stderrMatch);
  assertEquals((await program.ended).code, 0);
});

Deno.test("without a terminal the interactive flow still opens the browser", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"], { withoutTerminal: true });
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  assertEquals((await program.ended).code, 0);
});

Deno.test("--no-interactive exits with code 9 in every flow of a user", async () => {
  await using sandbox = await openSandbox(FAST);
  for (const flow of ["interactive", "device-code"]) {
    const result = await sandbox.run(["get-token", "--flow", flow, "--no-interactive"], { env: NO_DISPLAY });
    assertEquals([result.code, result.stdout], [9, ""], result.stderr);
  }
  assertEquals(sandbox.provider.requests, []);
});
