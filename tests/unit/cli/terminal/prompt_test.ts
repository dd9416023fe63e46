import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { type Choice, confirm, prompt, promptForAddress } from "../../../../src/cli/terminal/prompt.ts";
import { CliError } from "../../../../src/errors.ts";
import type { PastedVerdict } from "../../../../src/loopback/validate_callback.ts";
import { MemoryTerminal } from "../../../support/fixtures/command_fixture.ts";

const REFUSED = { kind: "refused", error: "access_denied", description: null } as const;

/** Accepts only "good". */
function validate(text: string): PastedVerdict {
  return text === "good"
    ? { kind: "accepted", response: REFUSED }
    : { kind: "rejected", reason: `That is not ${text.length} characters of good` };
}

function ask(keys: string[], said: string[] = [], signal = new AbortController().signal) {
  const terminal = new MemoryTerminal();
  terminal.keys = keys;
  return promptForAddress(terminal, (line) => said.push(line), validate, signal);
}

Deno.test("promptForAddress() returns an accepted address that arrives in pieces", async () => {
  assertEquals(await ask(["go", "od", "\r"]), REFUSED);
});

Deno.test("promptForAddress() explains why it rejects a line, without printing it, and prompts again", async () => {
  const said: string[] = [];
  assertEquals(await ask(["\rbad\r", "  \r", "good\r"], said), REFUSED);
  assertEquals(said, ["That is not 3 characters of good. Copy the whole address and paste it again."]);
});

Deno.test("promptForAddress() is interrupted by Ctrl-C as a character, and by the end of the input", async () => {
  for (const key of ["\x03", "\x04"]) {
    assertEquals((await assertRejects(() => ask([key]), CliError)).code, "interrupted");
  }
});

Deno.test("promptForAddress() rejects with the reason of its signal", async () => {
  const controller = new AbortController();
  const reason = new CliError("timeout", "over");
  const asking = assertRejects(() => ask(["half"], [], controller.signal));
  controller.abort(reason);
  assertStrictEquals(await asking, reason);
});

/** Prompts on a terminal on which `keys` are typed. Returns the result and the text that was shown. */
async function answer<T>(
  keys: string[],
  ask: (context: { terminal: MemoryTerminal; signal: AbortSignal }) => Promise<T>,
  isDrawn = true,
): Promise<{ value: T; shown: string }> {
  const terminal = new MemoryTerminal();
  Object.assign(terminal, { keys, isDrawn, shown: [] });
  const value = await ask({ terminal, signal: new AbortController().signal });
  return { value, shown: (terminal.shown ?? []).join("") };
}

/** Accepts words of small letters. */
function parseWord(text: string): string {
  if (/^[a-z-]+$/.test(text)) return text;
  throw new CliError("usage", `Invalid word "${text}": expected letters`, { hint: "Example: word" });
}

const CHOICES: Choice[] = [
  { value: "interactive", description: "in the browser" },
  { value: "device-code", description: "elsewhere" },
];

Deno.test("prompt() drops blanks and invisible characters around what was pasted", async () => {
  const { value } = await answer(
    ["\u200b  word\ufeff \t \r"],
    (context) => prompt(context, "Word", parseWord),
  );
  assertEquals(value, "word");
});

Deno.test("prompt() explains a mistake, and leaves it to be edited", async () => {
  const { value, shown } = await answer(
    ["12\r", "\x15", "word\r"],
    (context) => prompt(context, "Word", parseWord),
  );
  assertEquals(value, "word");
  assertStringIncludes(
    shown,
    '\nerror: Invalid word "12": expected letters\nHint: Example: word\n\r? Word › 12',
  );
  const edited = await answer(["wor1d\r", "\x1b[D\x7fl\r"], (context) => prompt(context, "Word", parseWord));
  assertEquals(edited.value, "world");
});

Deno.test("prompt() throws what is no mistake of the user", async () => {
  const failing = answer(
    ["x\r"],
    (context) => prompt(context, "Word", () => Promise.reject(new CliError("store", "Disk full"))),
  );
  assertEquals((await assertRejects(() => failing, CliError)).code, "store");
});

Deno.test("prompt() lists the choices, and takes a number, a beginning, an arrow key, Tab or the default", async () => {
  const choose = (keys: string, isDrawn = true) =>
    answer(
      [keys],
      (context) => prompt(context, "Flow", parseWord, { byDefault: "interactive", choices: CHOICES }),
      isDrawn,
    );
  const { value, shown } = await choose("2\r");
  assertEquals(value, "device-code");
  assertStringIncludes(
    shown,
    "Flow:\n  1. interactive  in the browser\n  2. device-code  elsewhere\n\r? Flow (interactive) › ",
  );
  for (const keys of ["dev\r", "DEV\r", "d\t\r", "\x1b[B\x1b[B\r", "\x1b[A\r"]) {
    assertEquals((await choose(keys)).value, "device-code", JSON.stringify(keys));
  }
  for (const keys of ["\r", " \r", "1\r"]) assertEquals((await choose(keys)).value, "interactive");
  const plain = await choose("2", false);
  assertEquals(plain.value, "device-code");
  assertEquals(
    plain.shown,
    "Flow:\n  1. interactive  in the browser\n  2. device-code  elsewhere\nFlow (interactive): ",
  );
});

Deno.test("confirm() takes yes and no, Enter for the default, and nothing else", async () => {
  const ask = (keys: string[], byDefault: boolean) =>
    answer(keys, (context) => confirm(context, "Sure?", byDefault));
  assertEquals((await ask(["y\r"], false)).value, true);
  assertEquals((await ask(["No\r"], true)).value, false);
  assertEquals((await ask(["\r"], false)).value, false);
  assertEquals((await ask(["\r"], true)).value, true);
  const { value, shown } = await ask(["yess\r", "\x7f\r"], false);
  assertEquals(value, true);
  assertStringIncludes(shown, 'error: Invalid response "yess": expected yes or no');
});

Deno.test("prompt() is interrupted by Ctrl-C, by Ctrl-D on an empty line, and by the end of the input", async () => {
  const ask = (keys: string[], isDrawn = true) =>
    answer(keys, (context) => prompt(context, "Word", parseWord), isDrawn);
  for (const interrupted of [ask(["wor\x03"]), ask(["\x04"]), ask([], false)]) {
    assertEquals((await assertRejects(() => interrupted, CliError)).code, "interrupted");
  }
  assertEquals((await ask(["wordx\x1b[D\x04\r"])).value, "word");
});

Deno.test("prompt() puts a long question on a line of its own", async () => {
  const byDefault = "a-long-default-".repeat(4) + "end";
  const { value, shown } = await answer(
    ["\r"],
    (context) => prompt(context, "Word", parseWord, { byDefault }),
  );
  assertEquals(value, byDefault);
  assertEquals(shown, `? Word (${byDefault})\n\r› \r› \n`);
});
