import { assertEquals } from "@std/assert";
import { localTime, utcTime } from "../../../src/commands/local_time.ts";

Deno.test("localTime() writes the moment as the machine's own clock shows it", () => {
  // Made from local parts, so that the test holds in every time zone.
  const table: [Date, string][] = [
    [new Date(2025, 11, 28, 15, 30, 0), "2025-12-28 15:30:00"],
    [new Date(2026, 0, 2, 3, 4, 5), "2026-01-02 03:04:05"],
    [new Date(2026, 5, 30, 23, 59, 59), "2026-06-30 23:59:59"],
  ];
  for (const [date, expected] of table) assertEquals(localTime(date.getTime() / 1000), expected);
});

Deno.test("utcTime() writes RFC 3339 in UTC, without fractions", () => {
  assertEquals(utcTime(Date.UTC(2025, 11, 28, 15, 30, 0) / 1000), "2025-12-28T15:30:00Z");
  assertEquals(utcTime(0), "1970-01-01T00:00:00Z");
  assertEquals(utcTime(0.999), "1970-01-01T00:00:00Z");
});
