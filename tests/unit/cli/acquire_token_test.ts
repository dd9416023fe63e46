import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { parseDuration, parsePorts, parsePrompt } from "../../../src/cli/acquire_token.ts";
import { CliError } from "../../../src/errors.ts";

Deno.test("parseDuration() reads units, and bare numbers as seconds", () => {
  const table: [string, number][] = [
    ["90s", 90_000],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["24h", 86_400_000],
    ["90", 90_000],
    ["1.5m", 90_000],
    ["250ms", 250],
    [" 5 m ", 300_000],
  ];
  for (const [text, ms] of table) assertEquals(parseDuration(text), ms, text);
});

Deno.test("parseDuration() refuses invalid text, zero, and more than a day", () => {
  for (
    const text of [
      "",
      "0",
      "0s",
      "-5s",
      "s",
      "5d",
      "5 minutes",
      "1e3",
      "1m30s",
      "0x10",
      "NaN",
      "Infinity",
      "1.",
      ".5m",
    ]
      .concat(["25h", "86401", "99999999999999999999h"])
  ) {
    assertEquals(assertThrows(() => parseDuration(text), CliError).code, "usage", text);
  }
});

Deno.test("parsePorts() returns a random port, one port or a range", () => {
  assertEquals(parsePorts(undefined, undefined), { kind: "random" });
  assertEquals(parsePorts("8080", undefined), { kind: "exact", port: 8080 });
  assertEquals(parsePorts("1", undefined), { kind: "exact", port: 1 });
  assertEquals(parsePorts("65535", undefined), { kind: "exact", port: 65535 });
  assertEquals(parsePorts(undefined, "8000-8100"), { kind: "range", first: 8000, last: 8100 });
  assertEquals(parsePorts(undefined, " 8000 - 8000 "), { kind: "range", first: 8000, last: 8000 });
});

Deno.test("parsePorts() refuses an invalid port", () => {
  for (const port of ["", "0", "65536", "-1", "80.5", "0x50", "http", "1e3", "99999999999"]) {
    assertEquals(assertThrows(() => parsePorts(port, undefined), CliError).code, "usage", port);
  }
});

Deno.test("parsePorts() refuses an invalid range", () => {
  for (
    const range of ["", "8000", "8000-", "-8100", "8000-8100-8200", "a-b", "0-10", "60000-70000", "8000:8100"]
  ) {
    assertEquals(assertThrows(() => parsePorts(undefined, range), CliError).code, "usage", range);
  }
});

Deno.test("parsePorts() suggests the reverse of an empty range", () => {
  const error = assertThrows(() => parsePorts(undefined, "8100-8000"), CliError);
  assertStringIncludes(error.hint ?? "", "8000-8100");
});

Deno.test("parsePorts() refuses both flags at once", () => {
  assertEquals(assertThrows(() => parsePorts("8080", "8000-8100"), CliError).code, "usage");
});

Deno.test("parsePrompt() accepts the prompts of the browser, and refuses other text", () => {
  for (const prompt of [undefined, "login", "select_account", "consent", "none"]) {
    assertEquals(parsePrompt(prompt), prompt);
  }
  assertEquals(
    assertThrows(() => parsePrompt("nicely"), CliError).message,
    'Invalid prompt "nicely": expected login, select_account, consent, none',
  );
});
