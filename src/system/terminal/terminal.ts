import { CliError } from "../../errors.ts";
import { type Os, systemOs } from "../os.ts";
import type { Processes } from "../processes/processes.ts";
import { isHeld, isSandboxed, writeHeld } from "../sandbox.ts";

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

/** The standard streams of this process. */
export const systemTerminal: Terminal = {
  stdinIsTerminal: Deno.stdin.isTerminal(),
  stdoutIsTerminal: Deno.stdout.isTerminal(),
  stderrIsTerminal: Deno.stderr.isTerminal(),
  screen: () =>
    Deno.stderr.isTerminal() ? Promise.resolve(STDERR) : controllingTerminal ??= openControllingTerminal(),
  async *readKeys(signal) {
    const { readKeys } = await import("./standard_input.ts");
    yield* readKeys(signal);
  },
  async readLine(signal) {
    const { readLine } = await import("./standard_input.ts");
    return await readLine(signal);
  },
  async writeData(data) {
    try {
      let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
      while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
    } catch (error) {
      // Not console.log, which ignores a broken pipe: a script would take an empty variable for a token.
      throw new CliError("unexpected", "Could not write to stdout", {
        hint: "Check its destination: the disk may be full, or the reading program may have exited.",
        cause: error,
      });
    }
  },
  writeMessage: (line) => writeToStderr(line + "\n"),
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

function writeToStderr(text: string): void {
  try {
    let data = new TextEncoder().encode(text);
    while (data.length > 0) data = data.subarray(Deno.stderr.writeSync(data));
  } catch {
    // A closed stderr must not stop the program.
  }
}

/** More than writing to a terminal takes, unless the user stops it (Ctrl-S). */
const WRITE_TIMEOUT_MS = 5_000;

const TERMINAL = "/dev/tty";

/**
 * Opens the controlling terminal of this process, whatever its streams are. Returns null if there is none.
 *
 * Deno opens `/dev/tty` only with all permissions. So on Linux and macOS the main thread of an executable writes to it,
 * and under `deno run` `tee`, which needs `--allow-run=tee`. On Windows `CONOUT$` opens like a file.
 *
 * @throws {CliError} `permission` if Deno may not run `tee`.
 */
export async function openControllingTerminal(
  processes?: Pick<Processes, "run">,
  os: Os = systemOs,
): Promise<Screen | null> {
  if (os === "windows") return openConsole();
  if (isSandboxed) return isHeld(TERMINAL) ? { show: (text) => writeHeld(TERMINAL, text) } : null;
  const { run } = processes ?? (await import("../processes/processes.ts")).systemProcesses;
  const write = async (text: string) => {
    const result = await run("tee", [TERMINAL], {
      input: text,
      timeoutMs: WRITE_TIMEOUT_MS,
      inSession: true,
    });
    if (result.kind === "not-permitted") {
      throw new CliError(
        "permission",
        "Writing to the terminal while stderr is redirected is not permitted",
        {
          hint: result.hint,
        },
      );
    }
    return result.kind === "ended" && result.code === 0;
  };
  if (!await write("")) return null;
  let written: Promise<unknown> = Promise.resolve();
  return {
    show(text) {
      written = written.then(() => write(text));
    },
  };
}

function openConsole(): Screen | null {
  try {
    const console = Deno.openSync("CONOUT$", { write: true });
    const encoder = new TextEncoder();
    return { show: (text) => void console.writeSync(encoder.encode(text)) };
  } catch {
    // No console, or no permission to write to it.
    return null;
  }
}
