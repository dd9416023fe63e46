/**
 * Fails when a requirement in `tests/specification.md` names no test, or one that isn't there.
 *
 * A requirement is an item of a list, `- **S1** What is required.`, with the tests that show it, each as the path of its
 * file in backticks, a colon, and its name in double quotes. Three dots in a name stand for a part that the test makes up.
 */

/** A requirement, with the tests that show it. */
export interface Requirement {
  readonly number: number;
  readonly tests: readonly { readonly path: string; readonly name: string }[];
}

/** The requirements in the text of the document, in its order. */
export function parseSpecification(text: string): Requirement[] {
  const [, ...items] = text.split(/^- \*\*S(?=\d+\*\*)/m);
  return items.map((item) => {
    // A heading ends the last item before it.
    const [first = "", ...shownBy] = (item.split(/^#/m)[0] ?? "").split(/^ +- /m);
    return { number: parseInt(first), tests: shownBy.map(parseTest) };
  });
}

/** What isn't written as a test becomes one that is nowhere to be found. */
function parseTest(text: string): Requirement["tests"][number] {
  const line = text.replaceAll(/\s+/g, " ").trim();
  const [, path = line, name = ""] = /^`(tests\/\S+_test\.ts)`: "([^"]+)"$/.exec(line) ?? [];
  return { path, name };
}

/**
 * What is wrong with the requirements, one line for each; none if all is well.
 *
 * @param sourceOf The text of a file, or null where there is none.
 */
export async function judgeSpecification(
  requirements: readonly Requirement[],
  sourceOf: (path: string) => Promise<string | null>,
): Promise<string[]> {
  const complaints: string[] = [];
  for (const [index, { number, tests }] of requirements.entries()) {
    if (number !== index + 1) complaints.push(`S${number} stands where S${index + 1} is expected`);
    if (tests.length === 0) complaints.push(`S${number} names no test`);
    for (const { path, name } of tests) {
      const source = await sourceOf(path);
      if (source === null) complaints.push(`S${number}: there is no ${path}`);
      else if (!hasTest(source, name)) complaints.push(`S${number}: ${path} has no test "${name}"`);
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

if (import.meta.main) {
  Deno.chdir(new URL("../", import.meta.url));
  const requirements = parseSpecification(await Deno.readTextFile("tests/specification.md"));
  const complaints = await judgeSpecification(requirements, readIfThere);
  if (requirements.length === 0) complaints.push("tests/specification.md names no requirement");
  const said = complaints.length === 0
    ? `Checked the tests of ${requirements.length} requirements`
    : complaints.map((complaint) => `tests/specification.md: ${complaint}`).join("\n");
  await Deno.stderr.write(new TextEncoder().encode(`${said}\n`));
  Deno.exit(complaints.length === 0 ? 0 : 1);
}
