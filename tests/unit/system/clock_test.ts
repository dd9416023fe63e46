import { assert, assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { systemClock } from "../../../src/system/clock.ts";

Deno.test("wait() resolves after its time by both clocks", async () => {
  const [wall, steady] = [systemClock.now(), systemClock.monotonic()];
  await systemClock.wait(20, new AbortController().signal);
  assert(systemClock.monotonic() - steady >= 19);
  assert(systemClock.now() - wall >= 15);
});

Deno.test("wait() rejects at once with the reason of the signal and leaves no timer", async () => {
  const interrupted = new CliError("interrupted", "Interrupted");
  const controller = new AbortController();
  const waiting = assertRejects(() => systemClock.wait(600_000, controller.signal), CliError);
  controller.abort(interrupted);
  assertEquals(await waiting, interrupted);
  const over = await assertRejects(() => systemClock.wait(600_000, AbortSignal.abort(interrupted)), CliError);
  assertEquals(over, interrupted);
});
