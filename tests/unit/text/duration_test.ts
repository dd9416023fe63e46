import { assertEquals } from "@std/assert";
import { formatClock, formatDuration } from "../../../src/text/duration.ts";

Deno.test("formatDuration() prints the largest units that fit and rounds down", () => {
  const table: [seconds: number, two: string, one: string][] = [
    [0, "0 seconds", "0 seconds"],
    [0.9, "0 seconds", "0 seconds"],
    [1, "1 second", "1 second"],
    [59.9, "59 seconds", "59 seconds"],
    [60, "1 minute", "1 minute"],
    [3599, "59 minutes 59 seconds", "59 minutes"],
    [3600, "1 hour", "1 hour"],
    [3601, "1 hour", "1 hour"],
    [5400, "1 hour 30 minutes", "1 hour"],
    [90_060, "1 day 1 hour", "1 day"],
    [86_400 * 2, "2 days", "2 days"],
    [86_400 * 365.25 * 56, "56 years", "56 years"],
  ];
  for (const [seconds, two, one] of table) {
    assertEquals([formatDuration(seconds), formatDuration(seconds, 1)], [two, one]);
  }
});

Deno.test("formatClock() prints minutes and seconds, and hours only if there are any", () => {
  assertEquals([0, 5, 245, 3599].map(formatClock), ["0:00", "0:05", "4:05", "59:59"]);
  assertEquals([3600, 3725].map(formatClock), ["1:00:00", "1:02:05"]);
});
