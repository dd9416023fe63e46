/**
 * Runs the tests that attack the program, and prints what was tried: a table with each group's cases, how many it survived,
 * how many it lost, and how many tests this machine has no means for. Ends with exit code 1 where one was lost, or where a
 * group tried nothing. Words on the command line choose the groups that have one of them in their names.
 *
 * A case is a test, a step of one, or one of those that a test counts in a line of its own: `lies: 1530 cases, …`.
 */

import { Table } from "@cliffy/table";
import { GROUPS } from "./attack/groups.ts";
import { say } from "../offline/npm_package.ts";

/** What a group tried. */
export interface Tally {
  readonly survived: number;
  readonly lost: number;
  /** Tests that the machine has no means for. */
  readonly ignored: number;
}

/** Counts, by what `deno test` printed, the tests, their steps and the cases that the tests themselves counted. */
export function count(output: string): Tally {
  const [summary = ""] = /^(?:ok|FAILED) \| .*$/m.exec(output) ?? [];
  const told = (word: string) => {
    const [, tests = 0, steps = 0] = new RegExp(`(\\d+) ${word}(?: \\((\\d+) steps?\\))?`).exec(summary) ??
      [];
    return Number(tests) + Number(steps);
  };
  // Such a line is the last of a test that has survived them all, and is itself counted once.
  const counted = [...output.matchAll(/^[a-z ]+: (\d+) (?:cases|operations),/gm)];
  const more = counted.reduce((sum, [, cases]) => sum + Number(cases) - 1, 0);
  return { survived: told("passed") + more, lost: told("failed"), ignored: told("ignored") };
}

async function run(files: readonly string[]): Promise<{ tally: Tally; output: string; success: boolean }> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-all", "scripts/check/test.ts", ...files],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { tally: count(output), output, success };
}

async function main(words: readonly string[]): Promise<number> {
  const rows: [string, ...number[]][] = [];
  let isWell = true;
  for (const { group, files } of GROUPS) {
    if (words.length > 0 && !words.some((word) => group.includes(word))) continue;
    const { tally: { survived, lost, ignored }, output, success } = await run(files);
    say(`${group}: ${survived} survived, ${lost} lost`);
    rows.push([group, survived + lost, survived, lost, ignored]);
    if (success && survived > 0) continue;
    isWell = false;
    await Deno.stderr.write(new TextEncoder().encode(output));
  }
  const total = [1, 2, 3, 4].map((column) => rows.reduce((sum, row) => sum + Number(row[column]), 0));
  const table = new Table().header(["attack", "cases tried", "survived", "lost", "not tried here"])
    .body([...rows, ["all", ...total]]);
  await Deno.stdout.write(new TextEncoder().encode(`${table.toString()}\n`));
  return isWell && rows.length > 0 ? 0 : 1;
}

if (import.meta.main) {
  Deno.chdir(new URL("../../", import.meta.url));
  Deno.exit(await main(Deno.args));
}
