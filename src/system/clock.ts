/** Tells the time, and when some of it has passed. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
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
  deadline(ms) {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), ms);
    return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
