/**
 * Runs the tests that attack the program, and prints what was tried: a table with each group's cases, how many it survived
 * and how many it lost. Ends with exit code 1 where one was lost, or where a group tried nothing.
 *
 * A case is a test, a step of one, or one of those that a test counts in a line of its own: `lies: 1530 cases, …`.
 */

import { Table } from "@cliffy/table";
import { say } from "./npm_package.ts";
import { GROUPS } from "./fire/groups.ts";

/** What a group tried. */
export interface Tally {
  readonly survived: number;
  readonly lost: number;
}

/** Counts, by what `deno test` printed, the tests, their steps and the cases that the tests themselves counted. */
export function count(output: string): Tally {
  let [survived, lost] = [0, 0];
  const summary =
    /^(?:ok|FAILED) \| (\d+) passed(?: \((\d+) steps?\))? \| (\d+) failed(?: \((\d+) steps?\))?/gm;
  for (const [, passed, steps = 0, failed, failedSteps = 0] of output.matchAll(summary)) {
    survived += Number(passed) + Number(steps);
    lost += Number(failed) + Number(failedSteps);
  }
  // Such a line stands only where all of them were survived: its test fails otherwise.
  for (const [, cases] of output.matchAll(/^[a-z ]+: (\d+) (?:cases|operations),/gm)) {
    survived += Number(cases) - 1;
  }
  return { survived, lost };
}

async function run(files: readonly string[]): Promise<{ tally: Tally; output: string; success: boolean }> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-all", "scripts/test.ts", ...files],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { tally: count(output), output, success };
}

async function main(words: readonly string[]): Promise<number> {
  const rows: (string | number)[][] = [];
  let isWell = true;
  for (const { group, files } of GROUPS) {
    if (words.length > 0 && !words.some((word) => group.includes(word))) continue;
    say(`${group}: ${files.length} files`);
    const { tally: { survived, lost }, output, success } = await run(files);
    rows.push([group, survived + lost, survived, lost]);
    if (success && survived > 0) continue;
    isWell = false;
    await Deno.stderr.write(new TextEncoder().encode(output));
  }
  const total = [1, 2, 3].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const table = new Table(...rows, ["all", ...total]).header(["Group", "Cases tried", "Survived", "Lost"]);
  await Deno.stdout.write(new TextEncoder().encode(`${table.border().toString()}\n`));
  return isWell ? 0 : 1;
}

if (import.meta.main) {
  Deno.chdir(new URL("../", import.meta.url));
  Deno.exit(await main(Deno.args));
}
