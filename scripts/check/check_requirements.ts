/**
 * Fails when a requirement in `tests/specification.md` or in `SECURITY.md` names no test, or one that isn't there.
 *
 * A requirement is an item of a list, `- **S1** What is required.`, with the tests that show it in a list below, each as
 * the path of its file in backticks, a colon, and its name in double quotes. Three dots in a name stand for a part that
 * the test makes up.
 */

/** The documents, and the letters by which each one's lists are numbered. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  "tests/specification.md": ["S"],
  "SECURITY.md": ["R", "F"],
};

/** A requirement, with the tests that show it. */
export interface Requirement {
  readonly letter: string;
  readonly number: number;
  readonly tests: readonly { readonly path: string; readonly name: string }[];
}

/** The requirements with that letter in the text of a document, in its order. */
export function parseRequirements(text: string, letter: string): Requirement[] {
  const [, ...items] = text.split(new RegExp(`^- \\*\\*${letter}(?=\\d+\\*\\*)`, "m"));
  return items.map((item) => {
    // A heading ends the last item before it.
    const [first = "", ...shownBy] = (item.split(/^#/m)[0] ?? "").split(/^ +- /m);
    return { letter, number: parseInt(first), tests: shownBy.map(parseTest) };
  });
}

/** What isn't written as a test becomes one that is nowhere to be found. */
function parseTest(text: string): Requirement["tests"][number] {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const [, path = line, name = ""] = /^`(tests\/\S+_test\.ts)`: "([^"]+)"$/.exec(line) ?? [];
  return { path, name };
}

/**
 * What is wrong with the requirements of one letter, one line for each; none if all is well.
 *
 * @param sourceOf The text of a file, or null where there is none.
 */
export async function validateRequirements(
  requirements: readonly Requirement[],
  sourceOf: (path: string) => Promise<string | null>,
): Promise<string[]> {
  const complaints: string[] = [];
  for (const [index, { letter, number, tests }] of requirements.entries()) {
    const name = `${letter}${number}`;
    if (number !== index + 1) complaints.push(`${name} stands where ${letter}${index + 1} is expected`);
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

/** Whether the name stands in the source as what a test is called: what is put into it is left open. */
function hasTest(source: string, name: string): boolean {
  const literals = source.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "…");
  const written = RegExp.escape(name.replaceAll("...", "…"));
  return new RegExp(`[(:?]\\s*(["'\`])${written}…?\\1`).test(literals);
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** What is wrong with a document, and how many requirements it has. */
async function checkDocument(path: string, letters: readonly string[]): Promise<[string[], number]> {
  const text = await Deno.readTextFile(path);
  const complaints: string[] = [];
  let count = 0;
  for (const letter of letters) {
    const requirements = parseRequirements(text, letter);
    if (requirements.length === 0) complaints.push(`there is no ${letter}1`);
    complaints.push(...await validateRequirements(requirements, readIfThere));
    count += requirements.length;
  }
  return [complaints.map((complaint) => `${path}: ${complaint}`), count];
}

if (import.meta.main) {
  Deno.chdir(new URL("../../", import.meta.url));
  const results = await Promise.all(Object.entries(DOCUMENTS).map((entry) => checkDocument(...entry)));
  const complaints = results.flatMap(([found]) => found);
  const count = results.reduce((sum, [, one]) => sum + one, 0);
  const said = complaints.length === 0 ? `Checked the tests of ${count} requirements` : complaints.join("\n");
  await Deno.stderr.write(new TextEncoder().encode(`${said}\n`));
  Deno.exit(complaints.length === 0 ? 0 : 1);
}
