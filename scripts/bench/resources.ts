import { median, type TimedCommand } from "./compare.ts";

/** Runs that a median of memory is taken of: it hardly varies. */
const RUNS = 5;

/** The peak memory of a command in MiB, or null where GNU time isn't here to measure it. Throws an `Error` when the command fails. */
export async function peakMemory({ name, command, env }: TimedCommand): Promise<number | null> {
  const peaks: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const output = await gnuTime(command, env);
    if (output === null) return null;
    const said = new TextDecoder().decode(output.stderr).trim();
    if (!output.success) throw new Error(`Cannot measure ${name}: ${said}`);
    peaks.push(Number(said.split("\n").at(-1)) / 1024);
  }
  return median(peaks);
}

async function gnuTime(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Deno.CommandOutput | null> {
  const args = ["--format=%M", ...command];
  try {
    return await new Deno.Command("/usr/bin/time", { args, env: { ...env }, clearEnv: true, stdin: "null" })
      .output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** How long `count` of a command take that start at once, in milliseconds. Throws an `Error` when one of them fails. */
export async function timeAtOnce({ name, command, env }: TimedCommand, count: number): Promise<number> {
  const [program = "", ...args] = command;
  const options = { args, env: { ...env }, clearEnv: true, stdin: "null" } as const;
  const startMs = performance.now();
  const outputs = await Promise.all(
    Array.from({ length: count }, () => new Deno.Command(program, options).output()),
  );
  const elapsedMs = performance.now() - startMs;
  if (outputs.some(({ success }) => !success)) throw new Error(`Cannot time ${count} at once of ${name}`);
  return elapsedMs;
}
