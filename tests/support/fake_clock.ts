import type { Clock } from "../../src/system/clock.ts";

/** A clock that stands still until it is moved. Its deadlines never come. */
export class FakeClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  deadline(_ms: number): { signal: AbortSignal } & Disposable {
    return { signal: new AbortController().signal, [Symbol.dispose]() {} };
  }

  /** Moves the time by `seconds`, backwards if below zero. */
  move(seconds: number): void {
    this.#nowMs += seconds * 1000;
  }
}
