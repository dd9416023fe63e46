import { assert, assertEquals } from "@std/assert";
import { applyKeys, drawLine, EMPTY_LINE, type Line } from "../../../../src/cli/terminal/line_editor.ts";

/** Returns the line after `keys`, with a bar at the cursor. */
function type(keys: string, line: Line = EMPTY_LINE, values: string[] = []): string {
  const { before, after } = applyKeys(line, keys, values).line;
  return `${before}|${after}`;
}

Deno.test("applyKeys() moves the cursor, and deletes around it", () => {
  const line = { before: "one two ", after: "three four" };
  const runs: [string, string][] = [
    ["\x01", "|one two three four"],
    ["\x1b[H", "|one two three four"],
    ["\x1bOH", "|one two three four"],
    ["\x1b[1~", "|one two three four"],
    ["\x05", "one two three four|"],
    ["\x1b[F", "one two three four|"],
    ["\x1b[4~", "one two three four|"],
    ["\x1b[D", "one two| three four"],
    ["\x02\x02", "one tw|o three four"],
    ["\x1b[C\x06", "one two th|ree four"],
    ["\x1b[1;5D", "one |two three four"],
    ["\x1bb\x1bb\x1bb", "|one two three four"],
    ["\x1b[1;5C", "one two three| four"],
    ["\x1bf\x1bf\x1bf", "one two three four|"],
    ["\x7f\b", "one tw|three four"],
    ["\x04", "one two |hree four"],
    ["\x1b[3~\x1b[3~", "one two |ree four"],
    ["\x15", "|three four"],
    ["\x0b", "one two |"],
    ["\x17", "one |three four"],
    ["\x1b\x7f\x17\x17", "|three four"],
    ["\x1bd", "one two | four"],
    ["x", "one two x|three four"],
  ];
  for (const [keys, result] of runs) assertEquals(type(keys, line), result, JSON.stringify(keys));
});

Deno.test("applyKeys() deletes a whole character, however many units it has", () => {
  assertEquals(type("a😀\x7fb"), "ab|");
  assertEquals(type("a😀\x1b[D\x04"), "a|");
});

Deno.test("applyKeys() ignores unknown keys and control characters", () => {
  assertEquals(type("\x1b[200~pasted\x1b[201~\x1b[5~\x1b[24~\x1bOP\x07\x00\x9b"), "pasted|");
  assertEquals(type("\x1bx"), "x|");
});

Deno.test("applyKeys() accepts an escape sequence in pieces", () => {
  for (
    const [first, second] of [["ab\x1b", "[Dx"], ["ab\x1b[", "Dx"], ["ab\x1b[1;", "5Dx"], ["ab\x1bO", "Hx"]]
  ) {
    const { line } = applyKeys(EMPTY_LINE, first ?? "");
    assert(type(second ?? "", line).includes("x|"), JSON.stringify(first));
    assert(!type(second ?? "", line).includes("D"), JSON.stringify(first));
  }
});

Deno.test("applyKeys() returns each line that was entered, and the rest", () => {
  assertEquals(applyKeys({ before: "a", after: "b" }, "\rc\r\nd\ne"), {
    entered: ["ab", "c", "d"],
    line: { before: "e", after: "" },
    isInterrupted: false,
  });
  assertEquals(applyKeys(EMPTY_LINE, "x".repeat(100_000)).line.before.length, 64 * 1024);
});

Deno.test("applyKeys() is interrupted by Ctrl-C, and by Ctrl-D on an empty line", () => {
  assertEquals(applyKeys({ before: "ab", after: "" }, "\x03c"), {
    entered: [],
    line: EMPTY_LINE,
    isInterrupted: true,
  });
  assert(applyKeys(EMPTY_LINE, "\x04").isInterrupted);
  assert(!applyKeys({ before: "ab", after: "" }, "\x04").isInterrupted);
});

Deno.test("applyKeys() completes with Tab, and chooses with the up and down keys", () => {
  const values = ["client-credentials", "interactive", "interim"];
  assertEquals(type("cl\t", EMPTY_LINE, values), "client-credentials|");
  assertEquals(type("i\t", EMPTY_LINE, values), "inter|");
  assertEquals(type("other\t", EMPTY_LINE, values), "other|");
  assertEquals(type("\x1b[B", EMPTY_LINE, values), "client-credentials|");
  assertEquals(type("\x1b[A", EMPTY_LINE, values), "interim|");
  assertEquals(type("\x1b[B\x1bOB\x0e\x0e", EMPTY_LINE, values), "client-credentials|");
  assertEquals(type("typed\x1b[A\t"), "typed|");
});

/** Shows `text` on a terminal. Returns its line with a bar at the cursor, and the widest column that was written. */
function show(texts: readonly string[]): { line: string; widest: number } {
  const cells: string[] = [];
  let [at, widest] = [0, 0];
  for (const character of texts.join("")) {
    if (character === "\r") at = 0;
    else if (character === "\b") at--;
    else cells[at++] = character;
    widest = Math.max(widest, at);
  }
  return { line: `${cells.slice(0, at).join("")}|${cells.slice(at).join("").trimEnd()}`, widest };
}

Deno.test("drawLine() overwrites the previous line, and puts the cursor in place", () => {
  const first = drawLine("> ", { before: "long line", after: "" }, 40, 0);
  const second = drawLine("> ", { before: "sh", after: "ort" }, 40, first.columns);
  assertEquals(show([first.text]).line, "> long line|");
  assertEquals(show([first.text, second.text]).line, "> sh|ort");
});

Deno.test("drawLine() keeps a long line within the terminal, and the cursor in sight", () => {
  const text = "abcdefghijklmnopqrstuvwxyz0123456789";
  let drawn = 0;
  const texts: string[] = [];
  for (let at = text.length; at >= 0; at--) {
    const line = drawLine("> ", { before: text.slice(0, at), after: text.slice(at) }, 20, drawn);
    drawn = line.columns;
    texts.push(line.text);
    const { line: shown, widest } = show(texts);
    assert(widest < 20, shown);
    const [before = "", after = ""] = shown.slice(2).split("|");
    assert(text.slice(0, at).endsWith(before) && text.slice(at).startsWith(after), shown);
  }
  assertEquals(show(texts).line, "> |abcdefghijklmnopq");
  assertEquals(
    show([drawLine("a long prompt > ", { before: "text", after: "" }, 5, 0).text]).line.endsWith("|"),
    true,
  );
});
