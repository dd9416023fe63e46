import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { applyKeys, promptForAddress } from "../../../../src/cli/terminal/prompt.ts";
import { CliError } from "../../../../src/errors.ts";
import type { PastedVerdict } from "../../../../src/flows/sign_in/interactive_session.ts";
import { MemoryTerminal } from "../../../support/fixtures/command_fixture.ts";

const REFUSED = { kind: "refused", error: "access_denied", description: null } as const;

/** Takes "good" alone. */
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

Deno.test("applyKeys() makes lines of keys, as a terminal does", () => {
  assertEquals(applyKeys("", "abc"), { entered: [], line: "abc" });
  assertEquals(applyKeys("ab", "c\rd"), { entered: ["abc"], line: "d" });
  assertEquals(applyKeys("abc", "\x7f\bx\n"), { entered: ["ax"], line: "" });
  assertEquals(applyKeys("abc", "\x15x"), { entered: [], line: "x" });
  assertEquals(applyKeys("", "\x1b[200~pasted\x1b[201~\x1b[A\x1b[1;5C\t\x07"), {
    entered: [],
    line: "pasted",
  });
  assertEquals(applyKeys("", "a\r\nb\n"), { entered: ["a", "", "b"], line: "" });
  assertEquals(applyKeys("", "x".repeat(100_000)).line.length, 64 * 1024);
});

Deno.test("promptForAddress() gives what is accepted, in however many pieces it comes", async () => {
  assertEquals(await ask(["go", "od", "\r"]), REFUSED);
});

Deno.test("promptForAddress() says what is wrong with a line, never the line, and asks again", async () => {
  const said: string[] = [];
  assertEquals(await ask(["\rbad\r", "  \r", "good\r"], said), REFUSED);
  assertEquals(said, ["That is not 3 characters of good. Copy the whole address and paste it again."]);
});

Deno.test("promptForAddress() ends at Ctrl-C that comes as a character, and when the input ends", async () => {
  for (const key of ["\x03", "\x04"]) {
    assertEquals((await assertRejects(() => ask([key]), CliError)).code, "interrupted");
  }
});

Deno.test("promptForAddress() ends with the reason of its signal", async () => {
  const controller = new AbortController();
  const reason = new CliError("timeout", "over");
  const asking = assertRejects(() => ask(["half"], [], controller.signal));
  controller.abort(reason);
  assertStrictEquals(await asking, reason);
});
