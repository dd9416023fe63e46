import { CliError } from "../../errors.ts";
import { type Os, systemOs } from "../os.ts";
import { type Processes, systemProcesses } from "../processes/processes.ts";
import type { Screen } from "./terminal.ts";

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
  processes: Pick<Processes, "run"> = systemProcesses,
  os: Os = systemOs,
): Promise<Screen | null> {
  if (os === "windows") return openConsole();
  const write = async (text: string) => {
    const result = await processes.run("tee", ["/dev/tty"], {
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
