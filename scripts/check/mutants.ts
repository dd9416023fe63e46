/**
 * Takes away one guard of the program after the other, in a copy of the repository, and sees whether a test notices. Ends
 * with exit code 1 when one is missed. Words on the command line choose the guards that have them in their names.
 */

import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { Table } from "@cliffy/table";
import { say } from "../offline/npm_package.ts";
import { type Mutant, MUTANTS } from "./mutants/mutants.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));

/** The parts of the repository that tests need. */
const PARTS = ["deno.json", "main.ts", "src", "tests", "scripts", "docs", "README.md", ".gitignore"];

/** The text of a file without the guard. Throws an `Error` where the guard isn't there just once. */
export function mutate(text: string, { guard, file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`Cannot take away ${guard}: its text is in ${file} ${places} times`);
  return text.replace(find, () => replace);
}

/** The first test that failed, by what `deno test` printed; null when none did. */
export function firstFailure(output: string): string | null {
  const [, failures = ""] = output.split(/^ FAILURES $/m);
  return /^(.+?) => \.\/tests\//m.exec(failures)?.[1] ?? null;
}

async function copyRepository(copy: string): Promise<void> {
  for (const part of PARTS) await copyTree(join(TOP, part), join(copy, part));
  // The packages are the same.
  await Deno.symlink(join(TOP, ".dev"), join(copy, ".dev")).catch(() => {});
}

async function copyTree(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  await Deno.mkdir(isDirectory ? to : dirname(to), { recursive: true });
  if (!isDirectory) return await Deno.copyFile(from, to);
  for await (const { name } of Deno.readDir(from)) await copyTree(join(from, name), join(to, name));
}

async function test(copy: string, files: readonly string[]): Promise<{ success: boolean; output: string }> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", ...flags, "--no-check", "--allow-all", "--parallel", "--fail-fast", ...files],
    cwd: copy,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { success, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** The name of the test that notices, or null when none does. */
async function tryMutant(copy: string, mutant: Mutant): Promise<string | null> {
  const path = join(copy, mutant.file);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, mutate(text, mutant));
  try {
    const { success, output } = await test(copy, mutant.tests);
    return success ? null : firstFailure(output) ?? "a test that broke off";
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

async function run(words: readonly string[]): Promise<boolean> {
  const mutants = MUTANTS.filter(({ guard }) => words.every((word) => guard.includes(word)));
  const copy = await Deno.makeTempDir({ prefix: "entra-auth-cli-mutants-" });
  try {
    await copyRepository(copy);
    const healthy = await test(copy, [...new Set(mutants.flatMap(({ tests }) => tests))]);
    if (!healthy.success) throw new Error(`The tests fail with every guard in place:\n${healthy.output}`);
    const rows: string[][] = [];
    for (const mutant of mutants) {
      const killer = await tryMutant(copy, mutant);
      say(`${mutant.guard}: ${killer === null ? "NOT MISSED BY ANY TEST" : "missed"}`);
      rows.push([mutant.guard, killer ?? "no test"]);
    }
    const missed = rows.filter(([, killer]) => killer !== "no test").length;
    const table = new Table().header(["taken away", "the test that notices"]).body(rows).maxColWidth(100);
    await Deno.stdout.write(
      new TextEncoder().encode(`${table.toString()}\n\n${missed} of ${rows.length} noticed\n`),
    );
    return missed === rows.length;
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

if (import.meta.main && !await run(Deno.args)) Deno.exit(1);
