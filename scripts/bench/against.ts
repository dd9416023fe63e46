import { inheritedVariables } from "../../tests/support/program/program.ts";
import { openSandbox, type Sandbox } from "../../tests/support/program/sandbox.ts";
import { compare, compareRuns, type Comparison, type TimedRun } from "./compare.ts";

/** An executable with a provider and a store of its own. */
export interface Candidate {
  readonly name: string;
  readonly executable: string;
}

/** The command lines that are compared. A signed-in store answers both. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "cached get-token": ["get-token", "--quiet", "--output", "token"],
  refresh: ["refresh", "--quiet"],
};

/**
 * Compares a cached token, a refresh and a sign-in of two executables. Each has a store of its own, so a version with
 * another format can be compared. Throws an `Error` if one of them cannot sign in.
 */
export async function compareExecutables(
  candidate: Candidate,
  baseline: Candidate,
  pairs: number,
): Promise<Comparison[]> {
  await using first = await openSandbox({ executable: candidate.executable });
  await using second = await openSandbox({ executable: baseline.executable });
  for (const sandbox of [first, second]) await signIn(sandbox);
  const comparisons: Comparison[] = [];
  for (const [name, args] of Object.entries(COMMANDS)) {
    const of = (sandbox: Sandbox, { name: program, executable }: Candidate) => ({
      name: `${name}, ${program}`,
      command: [executable, ...args],
      env: { ...inheritedVariables(), ...sandbox.env },
    });
    comparisons.push(await compare(of(first, candidate), of(second, baseline), pairs));
  }
  const signInOf = (sandbox: Sandbox, { name }: Candidate): TimedRun => ({
    name: `sign-in, ${name}`,
    async timeMs() {
      const startMs = performance.now();
      await signIn(sandbox);
      return performance.now() - startMs;
    },
  });
  comparisons.push(await compareRuns(signInOf(first, candidate), signInOf(second, baseline), pairs));
  return comparisons;
}

async function signIn(sandbox: Sandbox): Promise<void> {
  const { code, stderr } = await sandbox.signIn(["get-token", "--force", "--quiet"]);
  if (code !== 0) throw new Error(`Cannot sign in: ${stderr}`);
}
