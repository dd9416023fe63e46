import { CliError } from "../errors.ts";

/** The three standard streams. Data goes to stdout, everything that is said to a person to stderr. */
export interface Terminal {
  /** Whether a person can answer a question. */
  readonly stdinIsTerminal: boolean;
  /** Whether a person reads what is printed as data. */
  readonly stdoutIsTerminal: boolean;
  /** Whether a person reads what is said. */
  readonly stderrIsTerminal: boolean;
  /** Writes `text` to stdout, all of it. @throws {CliError} `unexpected` when the reader is gone or the disk full. */
  writeData(text: string): Promise<void>;
  /** Writes `line` and a line end to stderr. A closed stderr is no reason to stop. */
  say(line: string): void;
  /** Where questions are written: stderr, so that stdout stays data. */
  readonly questions: { writeSync(data: Uint8Array): number };
}

/** The standard streams of this process. */
export const systemTerminal: Terminal = {
  stdinIsTerminal: Deno.stdin.isTerminal(),
  stdoutIsTerminal: Deno.stdout.isTerminal(),
  stderrIsTerminal: Deno.stderr.isTerminal(),
  questions: Deno.stderr,
  async writeData(text) {
    try {
      let data = new TextEncoder().encode(text);
      while (data.length > 0) data = data.subarray(await Deno.stdout.write(data));
    } catch (error) {
      // Not console.log: it hides a broken pipe, and the caller would take an empty variable for a token.
      throw new CliError("unexpected", "The output could not be written to stdout", { cause: error });
    }
  },
  say(line) {
    try {
      let data = new TextEncoder().encode(line + "\n");
      while (data.length > 0) data = data.subarray(Deno.stderr.writeSync(data));
    } catch {
      // Nobody reads it; the work goes on.
    }
  },
};
