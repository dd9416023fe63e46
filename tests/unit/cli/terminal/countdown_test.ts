import { assertEquals } from "@std/assert";
import { waitText } from "../../../../src/cli/terminal/countdown.ts";

const WAIT = { elapsedMs: 12_900, leftMs: 287_100, frame: 0 };

Deno.test("waitText() shows how long the wait has been and how much time is left", () => {
  assertEquals(waitText(WAIT, 80), "| 0:12 elapsed, 4:48 left");
  assertEquals(waitText({ ...WAIT, frame: 3 }, 80), "\\ 0:12 elapsed, 4:48 left");
  assertEquals(
    waitText({ elapsedMs: 3_600_000, leftMs: 3_725_000, frame: 4 }, 80),
    "| 1:00:00 elapsed, 1:02:05 left",
  );
  assertEquals(waitText({ ...WAIT, leftMs: null }, 80), "| 0:12 elapsed");
  assertEquals(waitText({ ...WAIT, leftMs: -5_000 }, 80), "| 0:12 elapsed, 0:00 left");
});

Deno.test("waitText() leaves the last column of a narrow terminal free", () => {
  for (const columns of [1, 2, 5, 7, 8, 12, 13, 20, 25, 26, 80]) {
    for (const leftMs of [287_100, null]) {
      const text = waitText({ ...WAIT, leftMs }, columns);
      assertEquals(text.length < columns, true, `${columns}: ${text}`);
    }
  }
  assertEquals(waitText(WAIT, 20), "| 4:48 left");
  assertEquals(waitText(WAIT, 10), "| 4:48");
  assertEquals(waitText(WAIT, 3), "|");
  assertEquals(waitText(WAIT, 1), "");
});
