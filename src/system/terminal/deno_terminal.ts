import { CliError } from "../../errors.ts";
import { type Os, systemOs } from "../os.ts";
import type { Processes } from "../processes/processes.ts";
import type { Screen, Terminal } from "./terminal.ts";

/** The standard streams of this process. */
export const systemTerminal: Terminal = {
  stdinIsTerminal: Deno.stdin.isTerminal(),
  stdoutIsTerminal: Deno.stdout.isTerminal(),
  stderrIsTerminal: Deno.stderr.isTerminal(),
  screen: () =>
    Deno.stderr.isTerminal() ? Promise.resolve(STDERR) : controllingTerminal ??= openControllingTerminal(),
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

async function* readTyped(signal: AbortSignal): AsyncGenerator<string> {
  const { readKeys } = await import("./standard_input.ts");
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

/** Longer than writing to a terminal takes, unless it is stopped (Ctrl-S). */
const TIMEOUT_MS = 5_000;

/**
 * Opens the terminal that this program was started from, whatever its streams are; null where there is none.
 *
 * Deno opens `/dev/tty` for nobody but a program with all permissions, so `tee` writes there: on Linux and macOS that
 * takes `--allow-run=tee`. On Windows `CONOUT$` is a file like any other.
 *
 * @throws {CliError} `permission` where Deno may not start `tee`.
 */
export async function openControllingTerminal(
  processes?: Pick<Processes, "run">,
  os: Os = systemOs,
): Promise<Screen | null> {
  if (os === "windows") return openConsole();
  const { run } = processes ?? (await import("../processes/processes.ts")).systemProcesses;
  const write = async (text: string) => {
    const result = await run("tee", ["/dev/tty"], {
      input: text,
      timeoutMs: TIMEOUT_MS,
      inSession: true,
    });
    if (result.kind === "not-permitted") {
      throw new CliError("permission", "Reaching the terminal past the hidden stderr is not permitted", {
        hint: `Add the Deno flag ${result.flag}`,
      });
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
