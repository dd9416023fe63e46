/**
 * Fails if a requirement in `tests/requirements.md` names no test, or a test that does not exist.
 *
 * A requirement is a list item, `- **S1** What is required.`, followed by a list of tests: the path of the file in
 * backticks, a colon, and the name of the test in double quotes. Three dots in a name stand for a part that the test
 * computes.
 */

const DOCUMENT = "tests/requirements.md";

/** S: the specification, R: standards, F: known faults. */
const LETTERS = ["S", "R", "F"];

/** A requirement and its tests. */
export interface Requirement {
  readonly letter: string;
  readonly number: number;
  readonly tests: readonly { readonly path: string; readonly name: string }[];
}

/** Returns the requirements with that letter, in the order of the text. */
export function parseRequirements(text: string, letter: string): Requirement[] {
  const [, ...items] = text.split(new RegExp(`^- \\*\\*${letter}(?=\\d+\\*\\*)`, "m"));
  return items.map((item) => {
    // A heading ends the item before it.
    const [first = "", ...shownBy] = (item.split(/^#/m)[0] ?? "").split(/^ +- /m);
    return { letter, number: parseInt(first), tests: shownBy.map(parseTest) };
  });
}

/** Parses a test. A malformed one gets a path and name that do not exist. */
function parseTest(text: string): Requirement["tests"][number] {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const [, path = line, name = ""] = /^`(tests\/\S+_test\.ts)`: "([^"]+)"$/.exec(line) ?? [];
  return { path, name };
}

/**
 * Returns what is wrong with the requirements of one letter, one line for each.
 *
 * @param sourceOf Returns the text of a file, or null if the file does not exist.
 */
export async function validateRequirements(
  requirements: readonly Requirement[],
  sourceOf: (path: string) => Promise<string | null>,
): Promise<string[]> {
  const complaints: string[] = [];
  for (const [index, { letter, number, tests }] of requirements.entries()) {
    const name = `${letter}${number}`;
    if (number !== index + 1) complaints.push(`${name} found, expected ${letter}${index + 1}`);
    if (tests.length === 0) complaints.push(`${name} names no test`);
    for (const test of tests) {
      const source = await sourceOf(test.path);
      if (source === null) complaints.push(`${name}: there is no ${test.path}`);
      else if (!hasTest(source, test.name)) {
        complaints.push(`${name}: ${test.path} has no test "${test.name}"`);
      }
    }
  }
  return complaints;
}

/** Tells whether the source contains the name as a literal. Interpolated parts match anything. */
function hasTest(source: string, name: string): boolean {
  const literals = source.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…");
  const written = RegExp.escape(name.replaceAll("...", "…"));
  return new RegExp(`[(:?]\\s*(["'\`])${written}…?\\1`).test(literals);
}

async function readIfExists(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Returns what is wrong with the document, and its number of requirements. */
async function checkDocument(): Promise<{ complaints: string[]; count: number }> {
  const text = await Deno.readTextFile(DOCUMENT);
  const complaints: string[] = [];
  let count = 0;
  for (const letter of LETTERS) {
    const requirements = parseRequirements(text, letter);
    if (requirements.length === 0) complaints.push(`there is no ${letter}1`);
    complaints.push(...await validateRequirements(requirements, readIfExists));
    count += requirements.length;
  }
  return { complaints, count };
}

if (import.meta.main) {
  Deno.chdir(new URL("../../", import.meta.url));
  const { complaints, count } = await checkDocument();
  const report = complaints.length === 0
    ? `Checked the tests of ${count} requirements`
    : complaints.join("\n");
  await Deno.stderr.write(new TextEncoder().encode(`${report}\n`));
  Deno.exit(complaints.length === 0 ? 0 : 1);
}
