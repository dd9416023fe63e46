import { assert, assertEquals, assertThrows } from "@std/assert";
import { firstFailure, mutate } from "../../scripts/check/mutants.ts";
import { type Mutant, MUTANTS } from "../../scripts/check/mutants/mutants.ts";

const TOP = new URL("../../", import.meta.url);

Deno.test("every mutant matches its file once and names tests that exist", async () => {
  for (const mutant of MUTANTS) {
    const text = await Deno.readTextFile(new URL(mutant.file, TOP));
    assert(mutate(text, mutant) !== text, mutant.guard);
    const tests = await Promise.all(mutant.tests.map((file) => Deno.readTextFile(new URL(file, TOP))));
    assert(tests.some((test) => test.includes(mutant.named ?? "")), mutant.guard);
  }
});

Deno.test("mutate() rejects a text that is missing or occurs twice", () => {
  const mutant: Mutant = { guard: "x", file: "f", find: "a", replace: "b", tests: [] };
  assertEquals(mutate("cat", mutant), "cbt");
  assertThrows(() => mutate("cut", mutant), Error, "found its text 0 times");
  assertThrows(() => mutate("aha", mutant), Error, "found its text 2 times");
});

Deno.test("firstFailure() returns the first failed test", () => {
  const output =
    "a ... ok\n\n FAILURES \n\na b => ./tests/x_test.ts:3:6\nc => ./tests/x_test.ts:9:6\n\nFAILED";
  assertEquals(firstFailure(output), "a b");
  assertEquals(firstFailure("ok | 3 passed"), null);
});
