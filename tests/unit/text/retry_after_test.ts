import { assertEquals, assertMatch } from "@std/assert";
import { MAX_PAUSE_MS, retryAfterMs, tryAgainIn } from "../../../src/text/retry_after.ts";

const NOW_MS = Date.UTC(2025, 11, 28, 12, 0, 0);

Deno.test("retryAfterMs() accepts only seconds and dates", () => {
  const cases: readonly (readonly [string | undefined, number | null])[] = [
    ["1", 1000],
    [" 120 ", 120_000],
    ["Sun, 28 Dec 2025 12:00:30 GMT", 30_000],
    ["0", null],
    ["Sun, 28 Dec 2025 11:59:00 GMT", null],
    ["-1", null],
    ["1.5", null],
    ["1e3", null],
    ["soon", null],
    ["", null],
    [undefined, null],
  ];
  for (const [text, expected] of cases) {
    const headers: Record<string, string> = text === undefined ? {} : { "retry-after": text };
    assertEquals(retryAfterMs(headers, NOW_MS), expected, text);
  }
});

Deno.test("retryAfterMs() limits a pause to ten minutes", () => {
  for (const text of ["601", "999999999999999999999999", "Sun, 28 Dec 2050 12:00:00 GMT"]) {
    assertEquals(retryAfterMs({ "retry-after": text }, NOW_MS), MAX_PAUSE_MS, text);
  }
  assertEquals(MAX_PAUSE_MS, 600_000);
});

Deno.test("retryAfterMs() compares a date with the server's own clock", () => {
  const headers = { "retry-after": "Wed, 01 Jan 2020 00:00:20 GMT", date: "Wed, 01 Jan 2020 00:00:00 GMT" };
  assertEquals(retryAfterMs(headers, NOW_MS), 20_000);
  assertEquals(retryAfterMs({ ...headers, "retry-after": "7" }, NOW_MS), 7000);
  const undated = { "retry-after": "Sun, 28 Dec 2025 12:00:09 GMT", date: "today" };
  assertEquals(retryAfterMs(undated, NOW_MS), 9000);
});

Deno.test("tryAgainIn() names the duration and the time of day", () => {
  assertMatch(tryAgainIn(39_001, NOW_MS), /^Try again in 40 seconds, at \d\d:\d\d:39\.$/);
  assertMatch(tryAgainIn(91_000, NOW_MS), /^Try again in 1 minute 31 seconds, at \d\d:\d1:31\.$/);
});
