import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { delay, startTimer } from "../../../src/system/timer.ts";

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

Deno.test("delay() resolves in the order of the times", async () => {
  const ended: number[] = [];
  await Promise.all([30, 1].map((ms) => delay(ms).then(() => ended.push(ms))));
  assertEquals(ended, [1, 30]);
});

Deno.test("delay() rejects with the reason of its signal, at once", async () => {
  const reason = new Error("interrupted");
  const controller = new AbortController();
  const waiting = assertRejects(() => delay(60 * 60 * 1000, controller.signal));
  controller.abort(reason);
  assertStrictEquals(await waiting, reason);
  assertStrictEquals(await assertRejects(() => delay(60 * 60 * 1000, controller.signal)), reason);
});
