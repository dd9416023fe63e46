import { assertEquals } from "@std/assert";
import { countdownText } from "../../../../src/cli/terminal/countdown.ts";

const WAIT = { elapsedMs: 12_900, leftMs: 287_100, frame: 0 };

Deno.test("countdownText() shows the elapsed and the remaining time", () => {
  assertEquals(countdownText(WAIT, 80), "| 0:12 elapsed, 4:48 left");
  assertEquals(countdownText({ ...WAIT, frame: 3 }, 80), "\\ 0:12 elapsed, 4:48 left");
  assertEquals(
    countdownText({ elapsedMs: 3_600_000, leftMs: 3_725_000, frame: 4 }, 80),
    "| 1:00:00 elapsed, 1:02:05 left",
  );
  assertEquals(countdownText({ ...WAIT, leftMs: null }, 80), "| 0:12 elapsed");
  assertEquals(countdownText({ ...WAIT, leftMs: -5_000 }, 80), "| 0:12 elapsed, 0:00 left");
});

Deno.test("countdownText() leaves the last column of a narrow terminal empty", () => {
  for (const columns of [1, 2, 5, 7, 8, 12, 13, 20, 25, 26, 80]) {
    for (const leftMs of [287_100, null]) {
      const text = countdownText({ ...WAIT, leftMs }, columns);
      assertEquals(text.length < columns, true, `${columns}: ${text}`);
    }
  }
  assertEquals(countdownText(WAIT, 20), "| 4:48 left");
  assertEquals(countdownText(WAIT, 10), "| 4:48");
  assertEquals(countdownText(WAIT, 3), "|");
  assertEquals(countdownText(WAIT, 1), "");
});
