import { assertEquals } from "@std/assert";
import { startTimer } from "../../../src/system/timer.ts";

/** Resolves when a timer of `ms` milliseconds calls its action. */
function elapsed(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  startTimer(ms, resolve);
  return promise;
}

Deno.test("startTimer() calls its action once, also for a time that is over", async () => {
  for (const ms of [0, 1, 1.5, -5]) {
    let calls = 0;
    startTimer(ms, () => calls++);
    await elapsed(2);
    assertEquals(calls, 1, `${ms} ms`);
  }
});

Deno.test("startTimer() calls nothing once it is disposed", async () => {
  let calls = 0;
  {
    using _timer = startTimer(0, () => calls++);
  }
  await elapsed(1);
  assertEquals(calls, 0);
});
