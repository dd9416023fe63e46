import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";

/** Asserts that `check` calls each of `texts` wrong usage, says what it wants, and shows the text harmlessly. */
export function assertRefuses(check: (text: string) => unknown, texts: readonly string[]): void {
  for (const text of texts) {
    const error = assertThrows(() => check(text), CliError, undefined, JSON.stringify(text));
    assertEquals(error.code, "usage");
    assertEquals(error.hint?.startsWith("Expected "), true, error.hint);
    // deno-lint-ignore no-control-regex
    assertEquals(/[\x00-\x1f\x7f]/.test(error.message), false, error.message);
  }
}
