import { delay, startTimer } from "./timer.ts";

export interface Clock {
  /** Returns the milliseconds since 1970. */
  now(): number;
  /** Returns milliseconds that, unlike {@linkcode now}, never jump. They may stand still while the machine sleeps. */
  monotonic(): number;
  /** Waits `ms` milliseconds. Rejects with the reason of `signal` as soon as it is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Starts a deadline `ms` milliseconds from now. */
  deadline(ms: number): Deadline;
}

/** Aborts its signal when the time is up, unless it is disposed first. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  wait: delay,
  deadline(ms) {
    const controller = new AbortController();
    const timer = startTimer(ms, () => controller.abort());
    return { signal: controller.signal, [Symbol.dispose]: () => timer[Symbol.dispose]() };
  },
};
