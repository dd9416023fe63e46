import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { peakMemory, timeAtOnce } from "../../scripts/bench/measurements.ts";
import { compare, formatTable, median, summarize } from "../../scripts/bench/compare.ts";

Deno.test("median() returns the middle value or the mean of the two middle values", () => {
  assertEquals(median([3]), 3);
  assertEquals(median([10, 9, 100]), 10);
  assertEquals(median([4, 1, 2, 100]), 3);
  assertThrows(() => median([]), RangeError);
});

Deno.test("summarize() returns the median of the ratios, not the ratio of the medians", () => {
  const comparison = summarize("a", "b", [[10, 5], [40, 10], [90, 100]]);
  assertEquals(comparison, { name: "a", baseline: "b", medianMs: 40, baselineMs: 10, ratio: 2 });
});

Deno.test("formatTable() returns a Markdown table", () => {
  const table = formatTable([{ name: "a", baseline: "b", medianMs: 40.4, baselineMs: 9.6, ratio: 2 }]);
  assertEquals(table.split("\n"), [
    "| command | median | baseline | median | ratio |",
    "| --- | --: | --- | --: | --: |",
    "| a | 40 ms | b | 10 ms | 2.00 |",
  ]);
});

const deno = (code: string) => ({
  name: code,
  command: [Deno.execPath(), "eval", "--no-config", code],
  env: {},
});

Deno.test("compare() runs both commands", async () => {
  const { medianMs, baselineMs, ratio } = await compare(deno("1"), deno("2"), 1);
  assert(medianMs > 0 && baselineMs > 0);
  assertAlmostEquals(ratio, medianMs / baselineMs);
});

Deno.test("compare() throws if a command fails", async () => {
  const failing = deno("Deno.stderr.writeSync(new TextEncoder().encode('no luck')); Deno.exit(3)");
  await assertRejects(() => compare(deno("1"), failing, 1), Error, "no luck");
});

Deno.test("timeAtOnce() runs every command and throws if one fails", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bench-" });
  try {
    const mark = (name: string) =>
      deno(`Deno.writeTextFileSync(${JSON.stringify(folder)} + "/" + crypto.randomUUID(), "");${name}`);
    assert(await timeAtOnce(mark(""), 3) > 0);
    assertEquals((await Array.fromAsync(Deno.readDir(folder))).length, 3);
    await assertRejects(() => timeAtOnce(mark("Deno.exit(1)"), 2), Error, "Cannot time 2 concurrent runs");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("peakMemory() returns MiB, or null if it cannot be measured", async () => {
  const small = await peakMemory(deno("0"));
  if (small === null) return;
  const large = await peakMemory(deno("new Uint8Array(100 * 1024 * 1024).fill(1)"));
  assert(small > 5 && (large ?? 0) > small + 80, `${small} and ${large}`);
});
