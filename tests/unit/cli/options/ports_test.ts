import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parsePortFlags } from "../../../../src/cli/options/ports.ts";
import { CliError } from "../../../../src/errors.ts";

Deno.test("parsePortFlags() gives a random port, one port or a range", () => {
  assertEquals(parsePortFlags(undefined, undefined), { kind: "random" });
  assertEquals(parsePortFlags("8080", undefined), { kind: "exact", port: 8080 });
  assertEquals(parsePortFlags("1", undefined), { kind: "exact", port: 1 });
  assertEquals(parsePortFlags("65535", undefined), { kind: "exact", port: 65535 });
  assertEquals(parsePortFlags(undefined, "8000-8100"), { kind: "range", first: 8000, last: 8100 });
  assertEquals(parsePortFlags(undefined, " 8000 - 8000 "), { kind: "range", first: 8000, last: 8000 });
});

Deno.test("parsePortFlags() refuses what is no port", () => {
  for (const port of ["", "0", "65536", "-1", "80.5", "0x50", "http", "1e3", "99999999999"]) {
    assertEquals(assertThrows(() => parsePortFlags(port, undefined), CliError).code, "usage", port);
  }
});

Deno.test("parsePortFlags() refuses what is no range", () => {
  for (
    const range of ["", "8000", "8000-", "-8100", "8000-8100-8200", "a-b", "0-10", "60000-70000", "8000:8100"]
  ) {
    assertEquals(assertThrows(() => parsePortFlags(undefined, range), CliError).code, "usage", range);
  }
});

Deno.test("parsePortFlags() turns an empty range round in its hint", () => {
  const error = assertThrows(() => parsePortFlags(undefined, "8100-8000"), CliError);
  assertStringIncludes(error.hint ?? "", "8000-8100");
});

Deno.test("parsePortFlags() refuses both flags at once", () => {
  assertEquals(assertThrows(() => parsePortFlags("8080", "8000-8100"), CliError).code, "usage");
});
