import { assertEquals } from "@std/assert";
import { relativeTime } from "../../../../src/cli/output/relative_time.ts";

Deno.test("relativeTime() counts whole units of the largest that fits, before and after", () => {
  const table: [number, string][] = [
    [0, "now"],
    [0.9, "now"],
    [1, "in 1 second"],
    [-59, "59 seconds ago"],
    [60, "in 1 minute"],
    [-3599, "59 minutes ago"],
    [3600, "in 1 hour"],
    [-86_399, "23 hours ago"],
    [86_400 * 2, "in 2 days"],
  ];
  for (const [distance, expected] of table) assertEquals(relativeTime(1000 + distance, 1000), expected);
});
