import { assertEquals, assertStringIncludes } from "@std/assert";
import { Secret } from "../../../src/text/secret.ts";

const VALUE = "eyJ0b3Atc2VjcmV0";

Deno.test("A secret prints as stars", () => {
  const secret = new Secret(VALUE);
  const shown = [
    `${secret}`,
    String(secret),
    "" + secret,
    JSON.stringify(secret),
    JSON.stringify({ nested: [secret] }),
    Deno.inspect(secret),
    Deno.inspect({ deep: { deeper: [secret] } }, { depth: 10, showHidden: true }),
    Deno.inspect(new Error("failed", { cause: secret })),
  ];
  for (const text of shown) {
    assertStringIncludes(text, "***");
    assertEquals(text.includes(VALUE), false, text);
  }
});

Deno.test("A secret has no property with its value", () => {
  const secret = new Secret(VALUE);
  assertEquals(Object.keys(secret), []);
  assertEquals(JSON.stringify({ ...secret }), "{}");
});

Deno.test("reveal() returns the value", () => {
  assertEquals(new Secret(VALUE).reveal(), VALUE);
});
