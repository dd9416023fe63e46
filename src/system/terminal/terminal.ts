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
