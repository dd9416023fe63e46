/**
 * Removes one guard after the other in a copy of the repository and runs the tests that should fail without it. A mutant
 * that no test notices has survived; then the exit code is 1. Arguments select the guards whose names contain all of them.
 *
 * First the same tests must pass with every guard in place. `--tested` skips that run if all tests have just passed.
 */

import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { Table } from "@cliffy/table";
import { say } from "../offline/npm_package.ts";
import { type Mutant, MUTANTS } from "./mutants/mutants.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));

/** What the tests need of the repository. */
const PARTS = [
  "deno.json",
  "deno.lock",
  "main.ts",
  "src",
  "tests",
  "scripts",
  "docs",
  "README.md",
  ".gitignore",
];

/** Removes the guard from the text of its file. Throws an `Error` unless the guard occurs exactly once. */
export function mutate(text: string, { guard, file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) {
    throw new Error(
      `Cannot remove the guard "${guard}": found its text ${places} times in ${file}, expected once`,
    );
  }
  return text.replace(find, () => replace);
}

/** Returns the name of the first failed test in the output of `deno test`, or null if none failed. */
export function firstFailure(output: string): string | null {
  const [, failures = ""] = output.split(/^ FAILURES $/m);
  return /^(.+?) => \.\/tests\//m.exec(failures)?.[1] ?? null;
}

async function copyRepository(copy: string): Promise<void> {
  for (const part of PARTS) await copyTree(join(TOP, part), join(copy, part));
  // The packages of the original serve the copy as well.
  await Deno.symlink(join(TOP, ".dev"), join(copy, ".dev")).catch(() => {});
}

async function copyTree(from: string, to: string): Promise<void> {
  const { isDirectory } = await Deno.stat(from);
  await Deno.mkdir(isDirectory ? to : dirname(to), { recursive: true });
  if (!isDirectory) return await Deno.copyFile(from, to);
  for await (const { name } of Deno.readDir(from)) await copyTree(join(from, name), join(to, name));
}

async function test(
  copy: string,
  files: readonly string[],
  named?: string,
): Promise<{ success: boolean; output: string }> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const filter = named === undefined ? [] : [`--filter=${named}`];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["test", ...flags, "--no-check", "--allow-all", "--parallel", "--fail-fast", ...filter, ...files],
    cwd: copy,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  return { success, output: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

/** Returns the name of the test that kills the mutant, or null if the mutant survives. */
async function tryMutant(copy: string, mutant: Mutant): Promise<string | null> {
  const path = join(copy, mutant.file);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, mutate(text, mutant));
  try {
    const { success, output } = await test(copy, mutant.tests, mutant.named);
    return success ? null : firstFailure(output) ?? "a test run that ended early";
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

async function tryMutants(copies: readonly string[], mutants: readonly Mutant[]): Promise<(string | null)[]> {
  const killers: (string | null)[] = [];
  const remaining = mutants.entries();
  await Promise.all(copies.map(async (copy) => {
    for (const [index, mutant] of remaining) {
      const killer = await tryMutant(copy, mutant);
      killers[index] = killer;
      say(`${mutant.guard}: ${killer === null ? "SURVIVED" : "killed"}`);
    }
  }));
  return killers;
}

function printTable(mutants: readonly Mutant[], killers: readonly (string | null)[]): void {
  const rows = mutants.map(({ guard }, index) => [guard, killers[index] ?? "none: the mutant survived"]);
  const table = new Table().header(["removed guard", "killed by the test"]).body(rows).maxColWidth(100);
  const killed = killers.filter((killer) => killer !== null).length;
  const text = `${table.toString()}\n\n${killed} killed, ${mutants.length - killed} survived\n`;
  Deno.stdout.writeSync(new TextEncoder().encode(text));
}

async function run(args: readonly string[]): Promise<boolean> {
  const words = args.filter((arg) => arg !== "--tested");
  const mutants = MUTANTS.filter(({ guard }) => words.every((word) => guard.includes(word)));
  if (mutants.length === 0) {
    throw new Error(`Invalid arguments "${words.join(" ")}": expected words of a guard's name`);
  }
  // A test run of one file keeps one core busy, or waits, so there is one copy more than cores.
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-mutants-" });
  const copies = Array.from(
    { length: navigator.hardwareConcurrency + 1 },
    (_, index) => join(folder, `${index}`),
  );
  try {
    await Promise.all(copies.map(copyRepository));
    const files = [...new Set(mutants.flatMap(({ tests }) => tests))];
    const healthy = words.length < args.length ? null : await test(join(folder, "0"), files);
    if (healthy?.success === false) {
      throw new Error(`The tests fail with every guard in place:\n${healthy.output}`);
    }
    const killers = await tryMutants(copies, mutants);
    printTable(mutants, killers);
    return killers.every((killer) => killer !== null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main && !await run(Deno.args)) Deno.exit(1);
