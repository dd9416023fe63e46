import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { applyKeys, promptForAddress } from "../../../../src/cli/terminal/prompt.ts";
import { CliError } from "../../../../src/errors.ts";
import type { PastedVerdict } from "../../../../src/flows/sign_in/interactive_session.ts";
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

Deno.test("applyKeys() edits a line like a terminal", () => {
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
