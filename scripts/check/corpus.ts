/**
 * Replays the corpus of real responses (`tests/support/corpus`) through the program, and prints for each kind how many
 * entries were replayed and how many passed. The exit code is 1 if one did not pass.
 */

import { Table } from "@cliffy/table";

/** Entries of one kind. */
export interface Replayed {
  readonly kind: string;
  readonly replayed: number;
  readonly passed: number;
}

/** Reads the lines of `printReplayed()` in the output of `deno test`. */
export function readReplayed(output: string): Replayed[] {
  const lines = output.matchAll(/^corpus ([\w ]+): (\d+) replayed, (\d+) passed$/gm);
  return [...lines].map(([, kind = "", replayed, passed]) => ({
    kind,
    replayed: Number(replayed),
    passed: Number(passed),
  }));
}

async function main(): Promise<number> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--allow-all", "scripts/check/test.ts", "--bundle", "tests/process/service/"],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) await Deno.stderr.write(new TextEncoder().encode(output));
  const kinds = readReplayed(output).toSorted((a, b) => a.kind < b.kind ? -1 : 1);
  const sum = (count: (kind: Replayed) => number) => kinds.reduce((total, kind) => total + count(kind), 0);
  const table = new Table().header(["corpus", "replayed", "passed"]).body([
    ...kinds.map(({ kind, replayed, passed }) => [kind, replayed, passed]),
    ["all", sum(({ replayed }) => replayed), sum(({ passed }) => passed)],
  ]);
  await Deno.stdout.write(new TextEncoder().encode(`${table.toString()}\n`));
  return success && kinds.length > 0 ? 0 : 1;
}

if (import.meta.main) {
  Deno.chdir(new URL("../../", import.meta.url));
  Deno.exit(await main());
}
