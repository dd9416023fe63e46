import { assertEquals, assertThrows } from "@std/assert";
import { isJsonObject, parseJson, parseJsonObject } from "../../../src/text/json.ts";

Deno.test("A JSON object is neither null nor an array nor a primitive", () => {
  assertEquals([{}, { a: 1 }].map(isJsonObject), [true, true]);
  assertEquals([null, undefined, [], "{}", 1, true].map(isJsonObject), Array(6).fill(false));
});

Deno.test("A JSON object is read from text and from UTF-8", () => {
  assertEquals(parseJsonObject('{"a":[1]}'), { a: [1] });
  assertEquals(parseJsonObject(new TextEncoder().encode('{"a":"ä"}')), { a: "ä" });
});

Deno.test("Other JSON, damaged JSON and bytes that are not UTF-8 are not a JSON object", () => {
  for (const text of ["", "[]", "null", '"{}"', "1", "{", "{}{}", "<html>"]) {
    assertEquals(parseJsonObject(text), null, text);
  }
  assertEquals(parseJsonObject(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), null);
});

Deno.test("JSON is parsed up to 200 levels deep", () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;
  assertEquals(JSON.stringify(parseJson(nested(200))), nested(200));
  for (const levels of [202, 10_000, 200_000]) {
    assertThrows(() => parseJson(nested(levels)), SyntaxError);
    assertEquals(parseJsonObject(nested(levels)), null);
  }
});
