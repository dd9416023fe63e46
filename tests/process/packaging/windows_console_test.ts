/**
 * Tests the executable for Windows on a console, which a pseudo-terminal is to Wine. Unlike the other tests for Windows
 * this one runs on Linux (scripts/windows/wine.ts); only the program runs under Wine.
 */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import type { RunningShell } from "../../support/program/shell.ts";
import { ADA } from "../../support/provider/directory.ts";

const CTRL_C = "\x03";

/** Waits for the address and the code, between which the console moves its cursor. */
async function shownCode(console: RunningShell): Promise<[uri: string, code: string]> {
  // deno-lint-ignore no-control-regex
  const pattern = /(https:[^\s\x1b]+)[^]*enter code: (?:\x1b\[[\d;?]*[A-Za-z])*([\w-]+)[^\w-]/;
  const [, uri = "", code = ""] = await console.stdoutMatch(pattern);
  return [uri, code];
}

Deno.test({
  name: "Ctrl-C on a console of Windows interrupts a sign-in with 130, and the next sign-in needs no wait",
  ignore: Deno.env.get("ENTRA_AUTH_CLI_CONSOLE") !== "wine",
  async fn() {
    await using sandbox = await openSandbox();
    const command = "entra-auth-cli get-token --flow device-code --timeout 60s";
    const interrupted = await startOnTerminal(sandbox, command);
    await shownCode(interrupted);
    await interrupted.type(CTRL_C);
    const { code, stdout } = await interrupted.ended;
    assertEquals(code, 130, stdout);
    assertStringIncludes(stdout, "Interrupted");

    const signedIn = await startOnTerminal(sandbox, command);
    const [uri, userCode] = await shownCode(signedIn);
    await sandbox.userAgent.enterDeviceCode(uri, userCode, ADA);
    const ended = await signedIn.ended;
    assertEquals(ended.code, 0, ended.stdout);
    assertStringIncludes(ended.stdout, "Authentication successful!");
  },
});
