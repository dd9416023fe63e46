import type { Clock } from "../../../src/system/clock.ts";

/** A clock that stands still until it is moved, or waited by: a wait is over at once, its time having passed. Its deadlines never come. */
export class FakeClock implements Clock {
  /** The waits so far, in milliseconds. */
  readonly waits: number[] = [];
  /** Runs at each wait, before its time passes: a test's cue. */
  onWait: (ms: number) => void = () => {};
  #nowMs: number;
  #monotonicMs = 0;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    this.onWait(ms);
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#nowMs += ms;
    this.#monotonicMs += ms;
    return Promise.resolve();
  }

  deadline(_ms: number): { signal: AbortSignal } & Disposable {
    return { signal: new AbortController().signal, [Symbol.dispose]() {} };
  }

  /** Moves the time by `seconds`, backwards if below zero. */
  move(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}
