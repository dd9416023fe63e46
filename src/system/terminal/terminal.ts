import { CliError } from "../../errors.ts";

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
  /**
   * What the person at this program sees, and may ask questions on: stderr where that is a terminal, else the terminal
   * that the program was started from, which a script that hides stderr still has. Null where there is neither.
   *
   * @throws {CliError} `permission` where Deno may not reach that.
   */
  screen(): Promise<Screen | null>;
  /**
   * What the person types, as it is typed and without showing it, until `signal` is aborted; then the terminal is as
   * before. First comes an empty text: from then on nothing is shown. Only where stdin is a terminal.
   */
  typed(signal: AbortSignal): AsyncIterable<string>;
  /** How many columns the terminal has now; null where that can't be told. */
  columns(): number | null;
}

/** A terminal that a person looks at. */
export interface Screen {
  /** Shows `text` as it is. What can't be shown is no reason to stop. */
  show(text: string): void;
}

/** The standard streams of this process. */
export const systemTerminal: Terminal = {
  stdinIsTerminal: Deno.stdin.isTerminal(),
  stdoutIsTerminal: Deno.stdout.isTerminal(),
  stderrIsTerminal: Deno.stderr.isTerminal(),
  screen: () => Deno.stderr.isTerminal() ? Promise.resolve(STDERR) : controllingTerminal ??= openOther(),
  typed: readTyped,
  async writeData(text) {
    try {
      let data = new TextEncoder().encode(text);
      while (data.length > 0) data = data.subarray(await Deno.stdout.write(data));
    } catch (error) {
      // Not console.log: it hides a broken pipe, and the caller would take an empty variable for a token.
      throw new CliError("unexpected", "The output could not be written to stdout", {
        hint: "Check where it goes: the disk may be full, or the program that reads it has ended.",
        cause: error,
      });
    }
  },
  say: (line) => writeToStderr(line + "\n"),
  columns() {
    try {
      return Deno.consoleSize().columns;
    } catch {
      return null;
    }
  },
};

const STDERR: Screen = { show: writeToStderr };

let controllingTerminal: Promise<Screen | null> | undefined;

async function openOther(): Promise<Screen | null> {
  const { openControllingTerminal } = await import("./controlling_terminal.ts");
  return await openControllingTerminal();
}

async function* readTyped(signal: AbortSignal): AsyncGenerator<string> {
  const { readKeys } = await import("./read_keys.ts");
  yield* readKeys(signal);
}

function writeToStderr(text: string): void {
  try {
    let data = new TextEncoder().encode(text);
    while (data.length > 0) data = data.subarray(Deno.stderr.writeSync(data));
  } catch {
    // Nobody reads it; the work goes on.
  }
}
