import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { parse as parseYaml } from "@std/yaml/parse";
import {
  formatDocument,
  formatJson,
  parseDocumentFormat,
} from "../../../../src/cli/output/document_format.ts";
import { CliError } from "../../../../src/errors.ts";

Deno.test("parseDocumentFormat() accepts three formats and defaults to text", () => {
  assertEquals([undefined, "text", "json", "yaml"].map(parseDocumentFormat), [
    "text",
    "text",
    "json",
    "yaml",
  ]);
  const error = assertThrows(() => parseDocumentFormat("xml"), CliError);
  assertEquals([error.code, error.message], [
    "usage",
    'Invalid output format "xml": expected text, json, yaml',
  ]);
});

Deno.test("formatDocument() gives the same value in both formats, without terminal controls", async () => {
  const marks = ["\u001b[2J", "\u007f", "\u009b", "\u061c", "\u200e", "\u2028", "\u202e", "\u2069"];
  for (const value of [{ name: "Grüße, 東京" }, ...marks.map((mark) => ({ [`a${mark}`]: `b${mark}c` }))]) {
    const [json, yaml] = [await formatDocument(value, "json"), await formatDocument(value, "yaml")];
    assertEquals([JSON.parse(json), parseYaml(yaml)], [value, value]);
    for (const text of [json, yaml]) assertMatch(text, /^[\n\x20-\x7e\u00a0-\u00ff\u6771\u4eac]*$/);
  }
  assertEquals(await formatDocument({ name: "Ada" }, "yaml"), "name: Ada\n");
});

Deno.test("formatDocument() breaks CI log commands without changing the value", async () => {
  for (
    const value of [{ name: "##vso[task.complete]" }, { "::error::x": "a" }, { list: ["a\n::error::x"] }]
  ) {
    const [json, yaml] = [await formatDocument(value, "json"), await formatDocument(value, "yaml")];
    assertEquals([JSON.parse(json), parseYaml(yaml)], [value, value]);
    for (const text of [json, yaml]) assertEquals(/##\w*\[|^\s*::/m.test(text), false, text);
  }
});

Deno.test("formatJson() gives JSON with a final newline", () => {
  assertEquals(formatJson({ a: "Grüße, 東京" }), '{\n  "a": "Grüße, 東京"\n}\n');
});

Deno.test("formatJson() escapes terminal controls in names and values", () => {
  const value = {
    "\u009b2Jname": ["\u001b[2J", "\u007f", "\u0085", "\u061c\u200e\u2028\u202e\u2066", "\u2069"],
  };
  const text = formatJson(value);
  assertMatch(text, /^[\n\x20-\x7e]*$/);
  assertEquals(JSON.parse(text), value);
});
