/** A command line to time, with the environment it gets. */
export interface TimedCommand {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How long two commands took, compared. */
export interface Comparison {
  readonly name: string;
  readonly baseline: string;
  /** Median times in milliseconds. */
  readonly medianMs: number;
  readonly baselineMs: number;
  /** The median of the ratios within each pair. */
  readonly ratio: number;
}

/** Starts before the first that counts, which fill the caches of Deno and of the system. */
const WARM_UP_PAIRS = 3;

/** The middle of `values`, or the mean of the two in the middle. Throws a `RangeError` where there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) throw new RangeError("Cannot give the median of nothing");
  return (low + high) / 2;
}

/** The comparison of the times of two commands, `[command, baseline]` in milliseconds for each pair of runs. */
export function summarize(
  name: string,
  baseline: string,
  pairs: readonly (readonly [number, number])[],
): Comparison {
  return {
    name,
    baseline,
    medianMs: median(pairs.map(([timeMs]) => timeMs)),
    baselineMs: median(pairs.map(([, timeMs]) => timeMs)),
    ratio: median(pairs.map(([timeMs, baselineMs]) => timeMs / baselineMs)),
  };
}

/**
 * Runs two commands in turn, so that whatever else the machine does slows both, and changes who is first from pair to
 * pair. Throws an `Error` with what a command said when it fails.
 */
export async function compare(
  timed: TimedCommand,
  baseline: TimedCommand,
  pairCount: number,
): Promise<Comparison> {
  const pairs: [number, number][] = [];
  for (let index = -WARM_UP_PAIRS; index < pairCount; index++) {
    const isFirst = index % 2 === 0;
    const early = await timeMs(isFirst ? timed : baseline);
    const late = await timeMs(isFirst ? baseline : timed);
    if (index >= 0) pairs.push(isFirst ? [early, late] : [late, early]);
  }
  return summarize(timed.name, baseline.name, pairs);
}

/** From the start of a command to its end, in milliseconds. */
async function timeMs({ name, command, env }: TimedCommand): Promise<number> {
  const [program = "", ...args] = command;
  const options = { args, env: { ...env }, clearEnv: true, stdin: "null" } as const;
  const startMs = performance.now();
  const { success, stderr } = await new Deno.Command(program, options).output();
  const elapsedMs = performance.now() - startMs;
  if (!success) throw new Error(`Cannot time ${name}: ${new TextDecoder().decode(stderr).trim()}`);
  return elapsedMs;
}

/** The comparisons as a table in Markdown. */
export function formatTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ name, medianMs, baseline, baselineMs, ratio }) => [
    name,
    `${medianMs.toFixed(0)} ms`,
    baseline,
    `${baselineMs.toFixed(0)} ms`,
    ratio.toFixed(2),
  ]);
  const lines = [
    ["what", "median", "compared with", "median", "ratio"],
    ["---", "--:", "---", "--:", "--:"],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
