/** Several ways to one end, of which the first that settles ends the others. */
export class Race<T> {
  /** Ends every way: when the race is over, or with the reason of the signal that it was made with. */
  readonly signal: AbortSignal;
  readonly #ways: Promise<T>[] = [];
  readonly #over = new AbortController();

  /** Makes a race that `until` ends. */
  constructor(until: AbortSignal) {
    this.signal = AbortSignal.any([until, this.#over.signal]);
  }

  /** Lets one more run, which has to end when {@linkcode signal} is aborted. */
  enter(way: Promise<T>): void {
    // Before the race is run and after it is won, nobody hears of a way that fails.
    way.catch(() => {});
    this.#ways.push(way);
  }

  /** What the first to settle brings, be it an error, once the others have ended. */
  async run(): Promise<T> {
    try {
      return await Promise.race(this.#ways);
    } finally {
      await this.end();
    }
  }

  /** Ends all that still run, and waits until they have. */
  async end(): Promise<void> {
    this.#over.abort();
    await Promise.allSettled(this.#ways);
  }
}
