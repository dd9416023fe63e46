import { assertEquals, assertThrows } from "@std/assert";
import {
  createTerminalUi,
  replaceGlyphs,
  replacePromptMarks,
  supportsGlyphs,
  type TerminalUiOptions,
} from "../../../../src/cli/terminal/terminal_ui.ts";
import { CliError } from "../../../../src/errors.ts";
import type { Terminal } from "../../../../src/system/terminal/terminal.ts";
import { plainScreen } from "../../../support/program/pseudo_terminal.ts";
import type { Os } from "../../../../src/system/os.ts";

/** A clock that the test advances. */
class TickingClock {
  #nowMs = 0;
  #waiters: { ms: number; wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiters.push({ ms, wake: resolve });
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  }

  deadline(): never {
    throw new Error("not used");
  }

  /** Ends all waits. */
  async tick(): Promise<void> {
    // The countdown is imported on demand, so its first wait can come later.
    for (let turn = 0; turn < 50 && this.#waiters.length === 0; turn++) await eventLoop();
    const waiters = this.#waiters.splice(0);
    this.#nowMs += waiters[0]?.ms ?? 0;
    for (const { wake } of waiters) wake();
    await settled();
  }
}

/** Runs the event loop once. */
function eventLoop(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}

/** Runs the resumed code until it waits again. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

function stage(
  manners: Partial<TerminalUiOptions> & { variables?: Record<string, string>; isTerminal?: boolean } = {},
) {
  const stage = { shown: "", columns: 80 };
  const terminal: Terminal = {
    stdinIsTerminal: true,
    stdoutIsTerminal: true,
    stderrIsTerminal: manners.isTerminal ?? true,
    writeData: (text) => Promise.resolve(void (stage.shown += text)),
    writeMessage: (line) => void (stage.shown += `${line}\n`),
    screen: () => Promise.resolve({ show: (text) => void (stage.shown += text) }),
    async *readKeys() {},
    readLine: () => Promise.resolve(null),
    columns: () => stage.columns,
  };
  const clock = new TickingClock();
  const env = { get: (name: string) => (manners.variables ?? { LANG: "C.UTF-8" })[name] };
  const mannered = createTerminalUi(terminal, {
    os: "linux",
    clock,
    env,
    isPlain: false,
    isQuiet: false,
    ...manners,
  });
  return Object.assign(stage, { mannered, clock });
}

Deno.test("createTerminalUi() shows a countdown below the output, and removes it before the next line", async () => {
  const s = stage();
  s.mannered.writeMessage("⏳ Waiting for sign-in...");
  s.mannered.startWait(300_000);
  assertEquals(s.shown, "⏳ Waiting for sign-in...\n", "not at once");
  for (let tick = 0; tick < 4; tick++) await s.clock.tick();
  assertEquals(plainScreen(s.shown), "⏳ Waiting for sign-in...\n\\ 0:01 elapsed, 4:59 left");
  s.mannered.writeMessage("Could not open a browser");
  assertEquals(plainScreen(s.shown), "⏳ Waiting for sign-in...\nCould not open a browser\n");
  await s.clock.tick();
  assertEquals(plainScreen(s.shown).split("\n").at(-1), "| 0:01 elapsed, 4:59 left", "the wait goes on");
  s.mannered.endWait();
  s.mannered.writeMessage("✓ Authentication successful!");
  await s.clock.tick();
  assertEquals(
    plainScreen(s.shown),
    "⏳ Waiting for sign-in...\nCould not open a browser\n✓ Authentication successful!\n",
  );
});

Deno.test("createTerminalUi() keeps the countdown within the current width of the terminal", async () => {
  const s = stage();
  s.mannered.startWait(300_000);
  for (const columns of [80, 20, 10, 2, 80]) {
    s.columns = columns;
    const before = s.shown.length;
    await s.clock.tick();
    const drawn = s.shown.slice(before).split("\r");
    assertEquals(drawn.filter((text) => text.length >= columns), [], `${columns}`);
  }
  s.mannered.endWait();
  assertEquals(plainScreen(s.shown), "");
});

Deno.test("createTerminalUi() erases a longer text before it draws a shorter one", async () => {
  const s = stage();
  s.mannered.startWait(600_250);
  await s.clock.tick();
  assertEquals(plainScreen(s.shown), "| 0:00 elapsed, 10:00 left");
  for (let tick = 0; tick < 4; tick++) await s.clock.tick();
  assertEquals(plainScreen(s.shown), "| 0:01 elapsed, 9:59 left");
});

Deno.test("createTerminalUi() does not draw a wait that ended before its first tick", async () => {
  const s = stage();
  s.mannered.startWait(300_000);
  s.mannered.endWait();
  await s.clock.tick();
  await s.clock.tick();
  assertEquals(s.shown, "");
});

Deno.test("createTerminalUi() does not animate without a terminal, with NO_COLOR, on a dumb terminal, with --plain or --quiet", async () => {
  const utf8 = { LANG: "C.UTF-8" };
  const stages = [
    stage({ isTerminal: false }),
    stage({ variables: { ...utf8, NO_COLOR: "1" } }),
    stage({ variables: { ...utf8, TERM: "dumb" } }),
    stage({ isPlain: true }),
    stage({ isQuiet: true }),
  ];
  for (const s of stages) {
    s.mannered.startWait(300_000);
    await s.clock.tick();
    await s.clock.tick();
    assertEquals(s.shown, "");
  }
});

Deno.test("createTerminalUi() replaces glyphs on a terminal without UTF-8 and with --plain, but not in a file", () => {
  const said = (options: Parameters<typeof stage>[0]) => shownBy(options, "✓ Browser opened");
  assertEquals(said({}), "\x1b[32m✓\x1b[39m Browser opened\n");
  assertEquals(said({ variables: { LANG: "C" } }), "\x1b[32m[ok]\x1b[39m Browser opened\n");
  assertEquals(said({ variables: { LANG: "C" }, isTerminal: false }), "✓ Browser opened\n");
  assertEquals(said({ isPlain: true, isTerminal: false }), "[ok] Browser opened\n");
});

Deno.test("createTerminalUi() colors errors, warnings, successes and the commands in hints", () => {
  const table = [
    ["error: No error: here", "\x1b[31merror:\x1b[39m No error: here"],
    ["entra-auth-cli: error: No", "\x1b[31mentra-auth-cli: error:\x1b[39m No"],
    ["warning: Not saved", "\x1b[33mwarning:\x1b[39m Not saved"],
    ["✓ Browser opened", "\x1b[32m✓\x1b[39m Browser opened"],
    ["Hint: entra-auth-cli doctor", "Hint: \x1b[1mentra-auth-cli doctor\x1b[22m"],
    ["Hint: Wait.\n      entra-auth-cli doctor", "Hint: Wait.\n      \x1b[1mentra-auth-cli doctor\x1b[22m"],
    ["Hint: Sign in: entra-auth-cli get-token", "Hint: Sign in: \x1b[1mentra-auth-cli get-token\x1b[22m"],
    ["Hint: Run `entra-auth-cli status` now.", "Hint: Run `\x1b[1mentra-auth-cli status\x1b[22m` now."],
    ["Details: entra-auth-cli: ✓", "Details: entra-auth-cli: ✓"],
    ['{"error":{"hint":"`entra-auth-cli doctor`"}}', '{"error":{"hint":"`entra-auth-cli doctor`"}}'],
  ] as const;
  for (const [message, coloured] of table) {
    assertEquals(shownBy({}, message), `${coloured}\n`);
    const plain: Parameters<typeof stage>[0][] = [
      { isTerminal: false },
      { isQuiet: true },
      { variables: { LANG: "C.UTF-8", NO_COLOR: "1" } },
      { variables: { LANG: "C.UTF-8", TERM: "dumb" } },
    ];
    for (const options of plain) assertEquals(shownBy(options, message), `${message}\n`);
  }
});

/** Returns what a terminal shows for a message. */
function shownBy(options: Parameters<typeof stage>[0], message: string): string {
  const s = stage(options);
  s.mannered.writeMessage(message);
  return s.shown;
}

Deno.test("createTerminalUi() breaks CI log commands in messages, and leaves data as it is", async () => {
  const s = stage();
  s.mannered.writeMessage("Profile 'x##vso[a]'\n::error::y");
  await s.mannered.writeData("##vso[a]\n");
  assertEquals(s.shown, "Profile 'x# #vso[a]'\n: :error::y\n##vso[a]\n");
});

Deno.test("createTerminalUi() tolerates variables that it may not read, and no other errors", () => {
  const denied = {
    get: () => {
      throw new CliError("permission", "denied");
    },
  };
  const s = stage({ env: denied });
  s.mannered.writeMessage("✓ Browser opened");
  s.mannered.startWait(null);
  assertEquals(s.shown, "[ok] Browser opened\n");
  const broken = {
    get: () => {
      throw new TypeError("broken");
    },
  };
  assertThrows(() => stage({ env: broken }).mannered.writeMessage("✓"), TypeError);
});

const shows = (os: Os, variables: Record<string, string>) =>
  supportsGlyphs(os, { get: (name) => variables[name] });

Deno.test("replaceGlyphs() replaces the three glyphs by words in ASCII", () => {
  assertEquals(replaceGlyphs("✓ Browser opened"), "[ok] Browser opened");
  assertEquals(replaceGlyphs("⏳ Waiting for sign-in..."), "[wait] Waiting for sign-in...");
  assertEquals(replaceGlyphs("⟳ Refreshing expired token..."), "[refresh] Refreshing expired token...");
  assertEquals(replaceGlyphs("Token saved to profile 'dé✓'"), "Token saved to profile 'dé[ok]'");
});

Deno.test("replacePromptMarks() keeps the width of each symbol", () => {
  assertEquals(replacePromptMarks("? Tenant ID › contösö"), "? Tenant ID > contösö");
});

Deno.test("supportsGlyphs() uses the first locale variable that is set", () => {
  assertEquals(shows("linux", { LANG: "en_US.UTF-8" }), true);
  assertEquals(shows("linux", { LANG: "de_DE.utf8" }), true);
  assertEquals(shows("linux", { LC_ALL: "C", LANG: "en_US.UTF-8" }), false);
  assertEquals(shows("linux", { LC_CTYPE: "C.UTF-8", LANG: "C" }), true);
  assertEquals(shows("linux", { LANG: "en_US.ISO-8859-1" }), false);
  assertEquals(shows("linux", {}), false);
  assertEquals(shows("darwin", {}), true);
  assertEquals(shows("darwin", { LANG: "C" }), false);
});

Deno.test("supportsGlyphs() detects the Windows consoles that have glyphs", () => {
  assertEquals(shows("windows", { WT_SESSION: "1f9e" }), true);
  assertEquals(shows("windows", { TERM_PROGRAM: "vscode" }), true);
  assertEquals(shows("windows", { LANG: "en_US.UTF-8" }), false);
});
