import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { drawQrCode } from "../../../src/cli/terminal/open_interactive_session.ts";
import { enterDeviceCode, shownDeviceCode } from "../../support/browser/enter_device_code.ts";
import { occupyPort } from "../../support/network/ports.ts";
import { ADA } from "../../support/provider/directory.ts";
import { plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { NO_DISPLAY, type Sandbox } from "../../support/program/sandbox.ts";
import { testOnTerminal } from "../../support/program/test_on_terminal.ts";

/** The shortest poll interval that the program accepts. */
const FAST = { devicePollInterval: 1 };
/** A poll interval longer than any test, so that the device code never wins. */
const SLOW = { devicePollInterval: 60 };
const OVER_SSH = { ...NO_DISPLAY, SSH_CONNECTION: "192.0.2.7 51515 198.51.100.4 22", USER: "ada" };
const PROGRAM = "entra-auth-cli get-token --flow interactive --output json";

function testHere(name: string, test: (sandbox: Sandbox) => Promise<void>, options = FAST): void {
  testOnTerminal(name, test, options);
}

testHere(
  "get-token without a display falls back to a device code in the specification's words",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, "entra-auth-cli get-token --flow interactive", {
      env: { ...NO_DISPLAY, NO_COLOR: "1" },
    });
    await enterDeviceCode(sandbox, terminal.stdoutMatch);
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 0, stdout);
    const { origin, tenantId } = sandbox.provider;
    assertMatch(
      plainScreen(stdout),
      new RegExp(
        "^No display detected\\. Falling back to device code flow\\.\n" +
          `To sign in, use a web browser to open:\n  ${origin}/${tenantId}/oauth2/deviceauth\n` +
          "And enter code: [A-Z]{9}\nEnter this code only if you started this sign-in.*\n.*\n" +
          "⏳ Waiting for sign-in\\.\\.\\.\n✓ Authentication successful!\nSigned in as \\S+\n" +
          "Token expires: [\\d-]{10} [\\d:]{8}\nToken saved to profile 'default'\n" +
          "Print it with: entra-auth-cli get-token --output token\n$",
      ),
    );
    assert(!stdout.includes("\x1b"), "NO_COLOR");
    assertEquals(sandbox.provider.requestsTo("authorize").length, 0);
  },
);

testHere(
  "a countdown shows the remaining lifetime of the code and disappears at the end",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, PROGRAM, { env: NO_DISPLAY });
    const { uri, code } = await shownDeviceCode(terminal.stdoutMatch);
    await terminal.stdoutMatch(/5:00 left/);
    await terminal.stdoutMatch(/4:5\d left/);
    await sandbox.userAgent.enterDeviceCode(uri, code, ADA);
    const { stdout } = await terminal.ended;
    assertStringIncludes(plainScreen(stdout), "\n⏳ Waiting for sign-in...\n✓ Authentication successful!\n");
    assertStringIncludes(stdout, '"source": "device-code"');
  },
);

testHere(
  "--qr draws the URL as a QR code on the terminal before the wait begins",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, "entra-auth-cli get-token --flow device-code --qr");
    const { uri } = await shownDeviceCode(terminal.stdoutMatch);
    await terminal.stdoutMatch(/Waiting for sign-in/);
    await terminal.type("\x03");
    const { stdout } = await terminal.ended;
    assertStringIncludes(stdout, drawQrCode(uri, { colors: true, columns: 150 }).join("\r\n"));
  },
);

testHere(
  "DISPLAY=:0 enables the browser, and --show-url never falls back",
  async (sandbox) => {
    const displayed = await startOnTerminal(sandbox, PROGRAM, { env: { ...NO_DISPLAY, DISPLAY: ":0" } });
    await displayed.stdoutMatch(/Opening browser for authentication/);
    await displayed.type("\x03");
    assertEquals((await displayed.ended).code, 130);
    const shown = await startOnTerminal(sandbox, `${PROGRAM} --show-url`, { env: OVER_SSH });
    const [, url = ""] = await shown.stdoutMatch(/^ {2}(https:\S+)\r$/m);
    await sandbox.userAgent.signIn(url, ADA);
    const { code, stdout } = await shown.ended;
    assertEquals(code, 0, stdout);
    assertEquals(sandbox.provider.requestsTo("devicecode").length, 0);
  },
);

/** Waits for the URL and the port that a sign-in over SSH shows. */
async function shownWays(
  watch: (pattern: RegExp) => Promise<RegExpMatchArray>,
): Promise<{ url: string; port: number }> {
  const [, port = "", user = "", url = ""] = await watch(
    /^ {2}ssh -L (\d+):localhost:\1 (\S+)\r?\nand open this URL:\r?\n {2}(https:\S+)\r?$/m,
  );
  assertEquals(user, "ada@198.51.100.4");
  assertEquals(new URL(url).searchParams.get("redirect_uri"), `http://localhost:${port}`);
  return { url, port: Number(port) };
}

function assertSignedIn({ code, stdout }: { code: number; stdout: string }, source: string): void {
  assertEquals(code, 0, stdout);
  assertStringIncludes(stdout, `"source": "${source}"`);
}

testHere(
  "over SSH a browser on a computer that forwards the port signs in and cancels the other ways",
  async (sandbox) => {
    const terminal = await startOnTerminal(sandbox, PROGRAM, { env: OVER_SSH });
    const { url, port } = await shownWays(terminal.stdoutMatch);
    const page = await sandbox.userAgent.signIn(url, ADA);
    assertStringIncludes(page.body, "You are signed in");
    assertSignedIn(await terminal.ended, "interactive");
    occupyPort(port)[Symbol.dispose]();
    assertEquals(sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type), [
      "authorization_code",
    ]);
  },
  SLOW,
);

testHere("over SSH the device code signs in and cancels the other ways", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, PROGRAM, { env: OVER_SSH });
  const { port } = await shownWays(terminal.stdoutMatch);
  await enterDeviceCode(sandbox, terminal.stdoutMatch);
  assertSignedIn(await terminal.ended, "device-code");
  occupyPort(port)[Symbol.dispose]();
});

testHere(
  "over SSH a pasted address signs in, an invalid one is explained, and the terminal is restored",
  async (sandbox) => {
    const script = `sh -c "${PROGRAM}; echo code \\$?; stty -a"`;
    const terminal = await startOnTerminal(sandbox, script, { env: OVER_SSH });
    const { url, port } = await shownWays(terminal.stdoutMatch);
    await terminal.stdoutMatch(/paste it here/);
    const { redirectUri, params } = await sandbox.userAgent.authorize(url, ADA);
    const address = (changes: Record<string, string>) =>
      `${redirectUri}?${new URLSearchParams({ ...params, ...changes })}`;
    await terminal.stdoutMatch(/\d left/);
    await terminal.type(`${address({ state: "another" })}\r`);
    await terminal.stdoutMatch(/Invalid address: it belongs to another sign-in\. Copy the whole address/);
    await terminal.type("hello\r");
    await terminal.stdoutMatch(/Invalid address: expected one that begins with http:\/\/localhost:\d+\/\?/);
    await terminal.type(`${address({})}\r`);
    const { stdout } = await terminal.ended;
    assertSignedIn({ code: 0, stdout }, "interactive");
    assertMatch(stdout, /code 0/);
    assertMatch(stdout, /[^-]icanon/, "line editing is on again");
    assertMatch(stdout, /[^-]echo /, "input is echoed again");
    assert(!stdout.includes(params.code ?? "?"), "the code is not shown");
    occupyPort(port)[Symbol.dispose]();
    assertEquals(sandbox.provider.requestsTo("token").length, 1);
  },
  SLOW,
);

testHere(
  "over SSH the other ways remain available if the tenant refuses device codes",
  async (sandbox) => {
    sandbox.provider.failNext("devicecode", {
      kind: "entraError",
      error: "unauthorized_client",
      aadsts: 7000218,
    });
    const terminal = await startOnTerminal(sandbox, PROGRAM, { env: OVER_SSH });
    await terminal.stdoutMatch(
      /Cannot use a device code: .+\r\nThe other ways to sign in are still available\./,
    );
    const { url } = await shownWays(terminal.stdoutMatch);
    await sandbox.userAgent.signIn(url, ADA);
    assertSignedIn(await terminal.ended, "interactive");
  },
);

testHere("over SSH Ctrl-C cancels every way and restores the terminal", async (sandbox) => {
  const script = `sh -c "trap : INT; ${PROGRAM}; echo code \\$?; stty -a"`;
  const terminal = await startOnTerminal(sandbox, script, { env: OVER_SSH });
  const { port } = await shownWays(terminal.stdoutMatch);
  await terminal.stdoutMatch(/\d left/);
  await terminal.type("\x03");
  const { stdout } = await terminal.ended;
  assertMatch(stdout, /code 130/);
  assertMatch(stdout, /[^-]icanon/);
  assertMatch(stdout, /[^-]echo /);
  occupyPort(port)[Symbol.dispose]();
});
