import { assert, assertEquals, assertMatch } from "@std/assert";
import { ADA } from "../../support/provider/directory.ts";
import { plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import type { Sandbox } from "../../support/program/sandbox.ts";
import { testOnTerminal } from "../../support/program/test_on_terminal.ts";

const WAIT = /[|/\\-] 0:\d\d elapsed, (?:5:00|4:\d\d) left/;

/** Signs in on a terminal. The browser returns once `cue` appears. Returns everything written to the terminal. */
async function signIn(
  sandbox: Sandbox,
  command: string,
  cue: RegExp,
  env: Record<string, string> = {},
): Promise<string> {
  const terminal = await startOnTerminal(sandbox, command, { env });
  const url = await sandbox.browser.next();
  await terminal.stdoutMatch(cue);
  await sandbox.userAgent.signIn(url, ADA);
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 0, stdout);
  return stdout;
}

const LINES = [
  "Opening browser for authentication...",
  "✓ Browser opened",
  "⏳ Waiting for sign-in...",
  "✓ Authentication successful!",
];

testOnTerminal(
  "a terminal shows the countdown of a sign-in, and removes it before the next line",
  async (sandbox) => {
    const shown = await signIn(sandbox, "entra-auth-cli get-token", WAIT);
    assertEquals(plainScreen(shown).split("\n").slice(0, 4), LINES);
    assert(!WAIT.test(plainScreen(shown)), plainScreen(shown));
  },
);

testOnTerminal("the countdown fits into a terminal of 20 columns", async (sandbox) => {
  const narrow = "sh -c 'stty cols 20; exec entra-auth-cli get-token'";
  const shown = await signIn(sandbox, narrow, /[|/\\-] \d:\d\d left/);
  const drawn = shown.split(/[\r\n]+/).filter((text) => / left$/.test(text));
  assert(drawn.length > 0 && drawn.every((text) => text.length < 20), JSON.stringify(drawn));
  assertEquals(plainScreen(shown).split("\n").slice(0, 4), LINES);
});

testOnTerminal(
  "nothing is animated with NO_COLOR, on a dumb terminal, with --quiet or with --plain",
  async (sandbox) => {
    const waiting = /Waiting for sign-in\.\.\.\r\n/;
    const runs: [string, RegExp, Record<string, string>][] = [
      ["entra-auth-cli get-token --force", waiting, { NO_COLOR: "1" }],
      ["entra-auth-cli get-token --force", waiting, { TERM: "dumb" }],
      ["entra-auth-cli get-token --force --quiet", /^/, {}],
      ["entra-auth-cli get-token --force --plain", waiting, {}],
    ];
    for (const [command, cue, env] of runs) {
      const shown = await signIn(sandbox, command, cue, env);
      assert(!/\r(?![\r\n])|left/.test(shown) && !shown.includes("\x1b"), JSON.stringify(shown));
    }
  },
);

testOnTerminal(
  "the three glyphs become words on a terminal without UTF-8 and with --plain",
  async (sandbox) => {
    const words = LINES.map((line) => line.replace("✓", "[ok]").replace("⏳", "[wait]"));
    const bare = await signIn(sandbox, "entra-auth-cli get-token", WAIT, { LANG: "C" });
    assertEquals(plainScreen(bare).split("\n").slice(0, 4), words);
    const plain = await (await startOnTerminal(sandbox, "entra-auth-cli get-token --plain")).ended;
    assertMatch(plainScreen(plain.stdout), /^\[ok\] Using cached token\nToken expires: /);
    const refreshed =
      await (await startOnTerminal(sandbox, "entra-auth-cli refresh", { env: { LC_ALL: "POSIX" } })).ended;
    assertMatch(
      plainScreen(refreshed.stdout),
      /^\[refresh\] Refreshing token\.\.\.\n\[ok\] Token refreshed\n/,
    );
    const piped = await sandbox.run(["get-token", "--plain", "--verbose"]);
    assertMatch(piped.stderr, /^\[ok\] Using cached token\n/);
  },
);

testOnTerminal(
  "prompts are in ASCII on a terminal without UTF-8 and with --plain",
  async (sandbox) => {
    const runs: [string, Record<string, string>][] = [["", { LC_ALL: "C" }], [" --plain", {}]];
    for (const [flag, env] of runs) {
      const terminal = await startOnTerminal(sandbox, `entra-auth-cli create-profile${flag} --name x`, {
        env,
      });
      await terminal.stdoutMatch(/Tenant ID/);
      await terminal.type("bad\r");
      await terminal.stdoutMatch(/Invalid tenant/);
      await terminal.type("\x03");
      const { stdout } = await terminal.ended;
      assertEquals([...stdout].filter((character) => character > "~" && character !== "\x7f"), []);
    }
  },
);

testOnTerminal("Ctrl-C removes the countdown before the message", async (sandbox) => {
  const terminal = await startOnTerminal(sandbox, "entra-auth-cli get-token");
  await sandbox.browser.next();
  await terminal.stdoutMatch(WAIT);
  await terminal.type("\x03");
  const { code, stdout } = await terminal.ended;
  assertEquals(code, 130, stdout);
  assertMatch(plainScreen(stdout), /⏳ Waiting for sign-in\.\.\.\nInterrupted\n$/);
});
