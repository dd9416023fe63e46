/** The standard streams. Data goes to stdout, every message to stderr. */
export interface Terminal {
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  /** Writes all of `data` to stdout. @throws {CliError} `unexpected` if the reader is gone or the disk is full. */
  writeData(data: string | Uint8Array): Promise<void>;
  /** Writes `line` and a line feed to stderr. Ignores a closed stderr. */
  writeMessage(line: string): void;
  /**
   * Returns what the user sees: stderr if that is a terminal, otherwise the controlling terminal of the process, which
   * exists even if a script redirects stderr. Null if there is neither.
   *
   * @throws {CliError} `permission` if Deno may not open the controlling terminal.
   */
  screen(): Promise<Screen | null>;
  /**
   * Yields the keys that the user types, without echo, until `signal` is aborted, and then restores the terminal. The first
   * item is empty: from then on there is no echo. Requires that stdin is a terminal.
   */
  readKeys(signal: AbortSignal): AsyncIterable<string>;
  /**
   * Returns a line that the terminal itself echoes and edits, without its end. Null if the input ended or `signal` is
   * aborted. Requires that stdin is a terminal.
   */
  readLine(signal: AbortSignal): Promise<string | null>;
  /** Returns the current width of the terminal, or null if unknown. */
  columns(): number | null;
}

/** A terminal that the user sees. */
export interface Screen {
  /** Writes `text` unchanged. Ignores errors. */
  show(text: string): void;
}
