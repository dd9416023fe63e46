import { assertEquals, assertThrows } from "@std/assert";
import { Buffer as NodeBuffer } from "node:buffer";
import fc from "fast-check";
import { Buffer } from "../../scripts/build/bundle/node_of_msal.ts";

Deno.test("Buffer of the bundle encodes, decodes and counts text as Node's does", () => {
  fc.assert(fc.property(fc.string({ unit: "grapheme" }), (text) => {
    const base64 = NodeBuffer.from(text).toString("base64");
    assertEquals(Buffer.from(text).toString("base64"), base64);
    assertEquals(Buffer.from(text, "utf8").toString("utf8"), text);
    assertEquals(Buffer.byteLength(text), NodeBuffer.byteLength(text, "utf8"));
    const forms = [
      base64,
      base64.replace(/=+$/, ""),
      base64.replaceAll("+", "-").replaceAll("/", "_"),
      base64.replace(/(.{3})/g, "$1\n"),
    ];
    for (const form of forms) {
      assertEquals(
        Buffer.from(form, "base64").toString("utf8"),
        NodeBuffer.from(form, "base64").toString("utf8"),
      );
    }
  }));
  assertEquals(Buffer.from("00ff10", "hex").toString("base64"), "AP8Q");
});

Deno.test("Buffer of the bundle decodes what is no base64 as far as Node does, and throws for other encodings", () => {
  for (const text of ["", "!", "a", "ab!c", "not base64", "e30\u00e9"]) {
    assertEquals(
      Buffer.from(text, "base64").toString("utf8"),
      NodeBuffer.from(text, "base64").toString("utf8"),
    );
  }
  assertThrows(() => Buffer.from("a", "latin1"), TypeError);
});
