import type { Clock } from "../../../src/system/clock.ts";

/** A clock that advances only by waits, which resolve at once, and by {@linkcode move}. Its deadlines never expire. */
export class FakeClock implements Clock {
  /** The waits so far, in milliseconds. */
  readonly waits: number[] = [];
  /** Runs before the time of each wait passes. */
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

  /** Moves the wall clock by `seconds`, which may be negative. */
  move(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}
