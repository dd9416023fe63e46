import { assertEquals } from "@std/assert";
import { parseRequirements, validateRequirements } from "../../scripts/check/check_requirements.ts";

const TEXT = `# Title

What this is.

- **S1** The program is called so.
  - \`tests/a_test.ts\`: "it is called so"
- **S2** It does one thing that takes many words to say, and so
  more than one line.
  - \`tests/a_test.ts\`: "it does one thing, in a name that is
    wrapped"
  - \`tests/process/b_test.ts\`: "… does it too"

## Another part

- **S3** Nothing shows this.
- **S4** Somebody will show this.
  - a test that is yet to come
`;

Deno.test("parseRequirements() reads requirements and their tests across line breaks", () => {
  assertEquals(parseRequirements(TEXT, "S"), [
    { letter: "S", number: 1, tests: [{ path: "tests/a_test.ts", name: "it is called so" }] },
    {
      letter: "S",
      number: 2,
      tests: [
        { path: "tests/a_test.ts", name: "it does one thing, in a name that is wrapped" },
        { path: "tests/process/b_test.ts", name: "… does it too" },
      ],
    },
    { letter: "S", number: 3, tests: [] },
    { letter: "S", number: 4, tests: [{ path: "a test that is yet to come", name: "" }] },
  ]);
});

/** Returns the complaints about a requirement with the test `name` in a file with this source. */
function validate(name: string, source: string | null): Promise<string[]> {
  return validateRequirements(
    [{ letter: "S", number: 1, tests: [{ path: "a_test.ts", name }] }],
    () => Promise.resolve(source),
  );
}

Deno.test("validateRequirements() finds tests in every notation", async () => {
  assertEquals(await validate("it works", 'Deno.test("it works", () => {'), []);
  assertEquals(await validate("it works", 'Deno.test({\n  name: "it works",'), []);
  assertEquals(await validate("it works", 'testOnTerminal(\n  "it works",\n'), []);
  assertEquals(await validate("it works", "name: `it works${reason}`"), []);
  assertEquals(
    await validate("… works with {…}", "Deno.test(`${what} works with {${names.map(() => { return 1; })}}`)"),
    [],
  );
  assertEquals(await validate("it (really) works?", 'Deno.test("it (really) works?")'), []);
});

Deno.test("validateRequirements() reports a test that was renamed or removed, or is only mentioned", async () => {
  const complaint = ['S1: a_test.ts has no test "it works"'];
  assertEquals(await validate("it works", 'Deno.test("it works well", () => {'), complaint);
  assertEquals(await validate("it works", 'Deno.test("how it works", () => {'), complaint);
  assertEquals(await validate("it works", '// "it works" is gone'), complaint);
  assertEquals(await validate("it works", null), ["S1: there is no a_test.ts"]);
});

Deno.test("validateRequirements() reports missing numbers and requirements without a test", async () => {
  const requirements = [{ letter: "S", number: 1, tests: [] }, { letter: "S", number: 3, tests: [] }];
  assertEquals(await validateRequirements(requirements, () => Promise.resolve(null)), [
    "S1 names no test",
    "S3 found, expected S2",
    "S3 names no test",
  ]);
});
