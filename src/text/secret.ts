const STARS = "***";

/**
 * A value that must not be printed by accident: a token, an authorization code, a verifier, a key.
 * Strings, JSON and `Deno.inspect` show stars; only {@linkcode Secret.reveal} gives the value.
 */
export class Secret {
  readonly #value: string;

  /** Wraps `value`. */
  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the few places that send, store or were asked to print it. */
  reveal(): string {
    return this.#value;
  }

  /** Stars. */
  toString(): string {
    return STARS;
  }

  /** Stars, so that `JSON.stringify` of anything that holds a secret is harmless. */
  toJSON(): string {
    return STARS;
  }

  /** Stars, for `console.log` and `Deno.inspect`. */
  [Symbol.for("Deno.customInspect")](): string {
    return STARS;
  }
}
