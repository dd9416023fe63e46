import { assertEquals } from "@std/assert";
import { localTime, relativeTime, utcTime } from "../../../../src/cli/output/time.ts";

Deno.test("localTime() formats a time in the machine's time zone", () => {
  // Local times, so that the test is independent of the time zone.
  const table: [Date, string][] = [
    [new Date(2025, 11, 28, 15, 30, 0), "2025-12-28 15:30:00"],
    [new Date(2026, 0, 2, 3, 4, 5), "2026-01-02 03:04:05"],
    [new Date(2026, 5, 30, 23, 59, 59), "2026-06-30 23:59:59"],
  ];
  for (const [date, expected] of table) assertEquals(localTime(date.getTime() / 1000), expected);
});

Deno.test("utcTime() formats a time in RFC 3339 in UTC, without fractions", () => {
  assertEquals(utcTime(Date.UTC(2025, 11, 28, 15, 30, 0) / 1000), "2025-12-28T15:30:00Z");
  assertEquals(utcTime(0), "1970-01-01T00:00:00Z");
  assertEquals(utcTime(0.999), "1970-01-01T00:00:00Z");
});

/** Returns the results in another time zone, from a new process, because the zone belongs to the process. */
async function inZone(zone: string, seconds: readonly number[]): Promise<[string, string][]> {
  const module = import.meta.resolve("../../../../src/cli/output/time.ts");
  const code = `import { describeTime, utcTime } from ${JSON.stringify(module)};
    const told = ${JSON.stringify(seconds)}.map((time) => [describeTime(time, time - 120), utcTime(time)]);
    await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(told)));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--no-lock", code],
    env: { TZ: zone },
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name:
    "describeTime() names the offset from UTC, which daylight saving time changes, and utcTime() has none",
  // Windows ignores TZ.
  ignore: Deno.build.os === "windows",
  async fn() {
    const spring = Date.UTC(2025, 2, 30, 1) / 1000;
    const autumn = Date.UTC(2025, 9, 26, 1) / 1000;
    assertEquals(await inZone("Europe/Berlin", [spring - 1, spring, autumn - 1800, autumn + 1800]), [
      ["2025-03-30 01:59:59 +01:00 (in 2 minutes)", "2025-03-30T00:59:59Z"],
      ["2025-03-30 03:00:00 +02:00 (in 2 minutes)", "2025-03-30T01:00:00Z"],
      // The hour occurs twice in local time: the offset tells which is meant.
      ["2025-10-26 02:30:00 +02:00 (in 2 minutes)", "2025-10-26T00:30:00Z"],
      ["2025-10-26 02:30:00 +01:00 (in 2 minutes)", "2025-10-26T01:30:00Z"],
    ]);
    assertEquals(await inZone("America/St_Johns", [spring]), [
      ["2025-03-29 22:30:00 -02:30 (in 2 minutes)", "2025-03-30T01:00:00Z"],
    ]);
    assertEquals(await inZone("UTC", [spring]), [
      ["2025-03-30 01:00:00 UTC (in 2 minutes)", "2025-03-30T01:00:00Z"],
    ]);
    assertEquals(await inZone("Asia/Kathmandu", [autumn]), [[
      "2025-10-26 06:45:00 +05:45 (in 2 minutes)",
      "2025-10-26T01:00:00Z",
    ]]);
  },
});

Deno.test("relativeTime() counts the largest whole unit, in the past and in the future", () => {
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
