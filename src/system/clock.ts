/** Tells the time, and when some of it has passed. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds since some moment in the past. Unlike {@linkcode now} it never jumps, but it may stand still while the machine sleeps. */
  monotonic(): number;
  /** Waits `ms` milliseconds. Rejects with the reason of `signal` as soon as that is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** A deadline `ms` milliseconds from now. */
  deadline(ms: number): Deadline;
}

/** Aborts its signal when its time has come, unless disposed before. */
export interface Deadline extends Disposable {
  /** Aborted when the time has come. */
  readonly signal: AbortSignal;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async wait(ms, signal) {
    const { delay } = await import("@std/async/delay");
    await delay(ms, { signal });
  },
  deadline(ms) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), ms);
    return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
