import { assertEquals, assertMatch } from "@std/assert";
import { jsonText } from "../../../../src/cli/output/json_text.ts";

Deno.test("jsonText() says the same as JSON, with a line end", () => {
  assertEquals(jsonText({ a: "Grüße, 東京" }), '{\n  "a": "Grüße, 東京"\n}\n');
});

Deno.test("jsonText() escapes what a terminal would obey, in names as in values", () => {
  const value = {
    "\u009b2Jname": ["\u001b[2J", "\u007f", "\u0085", "\u061c\u200e\u2028\u202e\u2066", "\u2069"],
  };
  const text = jsonText(value);
  assertMatch(text, /^[\n\x20-\x7e]*$/);
  assertEquals(JSON.parse(text), value);
});
