import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA } from "../../support/provider/directory.ts";
import { plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { testOnTerminal } from "../../support/program/test_on_terminal.ts";

const FAST = { devicePollInterval: 1 };
const NO_DISPLAY = { BROWSER: "", DISPLAY: "", WAYLAND_DISPLAY: "" };
/** As a script calls it that hides stderr and takes the token, in a shell whose stdin leads elsewhere too. */
const HIDDEN = "2>/dev/null </dev/null";

function testHere(name: string, test: (sandbox: Sandbox) => Promise<void>, options = FAST): void {
  testOnTerminal(name, test, options);
}

/** Runs the program in a shell that keeps its stdout in a file, with every other stream hidden. */
async function startHidden(sandbox: Sandbox, args: string, env: Record<string, string>) {
  const file = `${sandbox.folder}/stdout`;
  const terminal = await startOnTerminal(sandbox, `sh -c "entra-auth-cli ${args} >'${file}' ${HIDDEN}"`, {
    env,
  });
  return { ...terminal, file };
}

testHere(
  "the device code is on the terminal where a script hides stderr, and the token on stdout alone",
  async (sandbox) => {
    const hidden = await startHidden(sandbox, "get-token --output token", NO_DISPLAY);
    await enterDeviceCode(sandbox, hidden.stdoutMatch);
    const { code, stdout } = await hidden.ended;
    assertEquals(code, 0, stdout);
    assertMatch(await Deno.readTextFile(hidden.file), /^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    for (const text of ["Waiting", "left", "successful", "\x1b"]) {
      assert(!stdout.includes(text), "what nobody needs stays hidden");
    }
  },
);

testHere("the URL to open is on the terminal where a script hides stderr", async (sandbox) => {
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

testHere("a question is asked on the terminal where stderr is hidden", async (sandbox) => {
  const command = `sh -c "entra-auth-cli delete-profile --name default 2>/dev/null >/dev/null"`;
  const terminal = await startOnTerminal(sandbox, command);
  await terminal.stdoutMatch(/Delete profile 'default'/);
  await terminal.type("y\r");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, plainScreen(stdout));
  assertEquals((await sandbox.run(["list-profiles", "--output", "json"])).stdout.trim(), "[]");
});

Deno.test("where nobody could see a code the fallback is exit code 9 at once, and says what would help", async () => {
  await using sandbox = await openSandbox(FAST);
  for (const env of [NO_DISPLAY, { ...NO_DISPLAY, SSH_TTY: "/dev/pts/1" }]) {
    const result = await sandbox.run(["get-token"], { env, isAlone: true });
    assertEquals([result.code, result.stdout], [9, ""], result.stderr);
    assertMatch(
      result.stderr,
      /^No display was detected, and there is no terminal to show a code on\nHint: /,
    );
    assertStringIncludes(result.stderr, "--flow device-code");
    assertStringIncludes(result.stderr, "entra-auth-cli get-token --profile default\n");
  }
  assertEquals(sandbox.provider.requests, []);
});

Deno.test({
  name: "the fallback ends with exit code 8 where Deno may not reach the terminal, and names the flag",
  ignore: Deno.build.os === "windows" || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using sandbox = await openSandbox(FAST);
    // By its path: what is allowed by a name can't be denied by the same.
    const { stdout } = await new Deno.Command("sh", { args: ["-c", "command -v tee"] }).output();
    const denied = [`--deny-run=${new TextDecoder().decode(stdout).trim()}`];
    const result = await sandbox.run(["get-token"], { env: NO_DISPLAY, isAlone: true, denied });
    assertEquals([result.code, result.stdout], [8, ""], result.stderr);
    assertStringIncludes(result.stderr, "--allow-run=tee");
    // A code that is asked for by name needs no terminal.
    const program = sandbox.start(["get-token", "--flow", "device-code"], { isAlone: true, denied });
    await enterDeviceCode(sandbox, program.stderrMatch);
    assertEquals((await program.ended).code, 0);
  },
});

Deno.test("where nobody could see it, a code that is asked for by name goes to stderr, and is waited for", async () => {
  await using sandbox = await openSandbox(FAST);
  const program = sandbox.start(["get-token", "--flow", "device-code"], { isAlone: true });
  await enterDeviceCode(sandbox, program.stderrMatch);
  assertEquals((await program.ended).code, 0);
});

Deno.test("where nobody could see it, the browser is opened all the same, for the person is there", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"], { isAlone: true });
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  assertEquals((await program.ended).code, 0);
});

Deno.test("--no-interactive waits for nobody, by whichever flow", async () => {
  await using sandbox = await openSandbox(FAST);
  for (const flow of ["interactive", "device-code"]) {
    const result = await sandbox.run(["get-token", "--flow", flow, "--no-interactive"], { env: NO_DISPLAY });
    assertEquals([result.code, result.stdout], [9, ""], result.stderr);
  }
  assertEquals(sandbox.provider.requests, []);
});
