/** A command line to time, with the environment it gets. */
export interface TimedCommand {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The times of two commands. */
export interface Comparison {
  readonly name: string;
  readonly baseline: string;
  /** Median times in milliseconds. */
  readonly medianMs: number;
  readonly baselineMs: number;
  /** The median of the ratios within each pair. */
  readonly ratio: number;
}

/** Pairs of runs before the measurement that fill the caches of Deno and of the system. */
const WARM_UP_PAIRS = 3;

/** Returns the middle value, or the mean of the two middle values. Throws a `RangeError` for an empty list. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (low === undefined || high === undefined) {
    throw new RangeError("Cannot compute the median of an empty list");
  }
  return (low + high) / 2;
}

/** Compares the times of two commands, given as `[command, baseline]` in milliseconds for each pair of runs. */
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
 * Runs two commands alternately, so that other load slows both, and changes the order from pair to pair. Throws an `Error`
 * with the command's stderr if one fails.
 */
export function compare(timed: TimedCommand, baseline: TimedCommand, pairCount: number): Promise<Comparison> {
  return compareRuns(timedRun(timed), timedRun(baseline), pairCount);
}

/** Returns the timing of one command. */
export function timedRun(command: TimedCommand): TimedRun {
  return { name: command.name, timeMs: () => timeMs(command) };
}

/** Something to time that is more than one command. */
export interface TimedRun {
  readonly name: string;
  /** Runs it once and returns its time in milliseconds. */
  timeMs(): Promise<number>;
}

/** Compares two runs as {@linkcode compare} compares two commands. */
export async function compareRuns(
  timed: TimedRun,
  baseline: TimedRun,
  pairCount: number,
): Promise<Comparison> {
  const pairs: [number, number][] = [];
  for (let index = -WARM_UP_PAIRS; index < pairCount; index++) {
    const isFirst = index % 2 === 0;
    const early = await (isFirst ? timed : baseline).timeMs();
    const late = await (isFirst ? baseline : timed).timeMs();
    if (index >= 0) pairs.push(isFirst ? [early, late] : [late, early]);
  }
  return summarize(timed.name, baseline.name, pairs);
}

async function timeMs({ name, command, env }: TimedCommand): Promise<number> {
  const [program = "", ...args] = command;
  const options = { args, env: { ...env }, clearEnv: true, stdin: "null" } as const;
  const startMs = performance.now();
  const { success, stderr } = await new Deno.Command(program, options).output();
  const elapsedMs = performance.now() - startMs;
  if (!success) throw new Error(`Cannot time ${name}: ${new TextDecoder().decode(stderr).trim()}`);
  return elapsedMs;
}

/** Formats the comparisons as a Markdown table. */
export function formatTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(({ name, medianMs, baseline, baselineMs, ratio }) => [
    name,
    `${medianMs.toFixed(0)} ms`,
    baseline,
    `${baselineMs.toFixed(0)} ms`,
    ratio.toFixed(2),
  ]);
  const lines = [
    ["command", "median", "baseline", "median", "ratio"],
    ["---", "--:", "---", "--:", "--:"],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
