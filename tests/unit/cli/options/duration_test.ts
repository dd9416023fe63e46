import { assertEquals, assertThrows } from "@std/assert";
import { parseDuration } from "../../../../src/cli/options/duration.ts";
import { CliError } from "../../../../src/errors.ts";

Deno.test("parseDuration() reads what people type, and bare numbers as seconds", () => {
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

Deno.test("parseDuration() refuses what is no duration, zero, or over a day", () => {
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
