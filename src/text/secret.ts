const STARS = "***";

/**
 * A value that must not be printed by accident: a token, an authorization code, a verifier, a key. Strings, JSON and
 * `Deno.inspect` contain stars in its place.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Returns the value, to send it, to store it or to print it on request. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return STARS;
  }

  toJSON(): string {
    return STARS;
  }

  /** For `console.log` and `Deno.inspect`. */
  [Symbol.for("Deno.customInspect")](): string {
    return STARS;
  }
}
