import { assert, assertEquals, assertThrows } from "@std/assert";
import { firstFailure, mutate } from "../../scripts/check/mutants.ts";
import { type Mutant, MUTANTS } from "../../scripts/check/mutants/mutants.ts";

const TOP = new URL("../../", import.meta.url);

Deno.test("every guard that is taken away stands where the table says, and so do its tests", async () => {
  for (const mutant of MUTANTS) {
    const text = await Deno.readTextFile(new URL(mutant.file, TOP));
    assert(mutate(text, mutant) !== text, mutant.guard);
    for (const file of mutant.tests) await Deno.stat(new URL(file, TOP));
  }
});

Deno.test("mutate() refuses a text that is not there, or there twice", () => {
  const mutant: Mutant = { guard: "x", file: "f", find: "a", replace: "b", tests: [] };
  assertEquals(mutate("cat", mutant), "cbt");
  assertThrows(() => mutate("cut", mutant), Error, "0 times");
  assertThrows(() => mutate("aha", mutant), Error, "2 times");
});

Deno.test("firstFailure() finds the first test that failed", () => {
  const output =
    "a ... ok\n\n FAILURES \n\na b => ./tests/x_test.ts:3:6\nc => ./tests/x_test.ts:9:6\n\nFAILED";
  assertEquals(firstFailure(output), "a b");
  assertEquals(firstFailure("ok | 3 passed"), null);
});
