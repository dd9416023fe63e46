import type { ForwardSignals, PassedSignal } from "./signals.ts";
import { permissionFlag } from "../permission.ts";
import { isFailure, trySpawn } from "./processes.ts";

/** What became of a program in the foreground. */
export type ForegroundResult =
  | {
    readonly kind: "ended";
    /** Its exit code; 128 and the number of the signal that ended it, as in a shell. */
    readonly code: number;
  }
  | { readonly kind: "not-found" | "refused" }
  | {
    readonly kind: "not-permitted";
    /** The Deno flag that would permit it. */
    readonly flag: string;
  };

/**
 * Runs `command`, looked up in PATH when it has no slash, with exactly `args`, in the place of this program: it has its
 * terminal and its streams, its directory and its variables, and `env` besides.
 */
export type RunInForeground = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<ForegroundResult>;

/**
 * Makes the function that runs a program in the foreground. While it runs, signals end the program and not this one,
 * which lives as long as the program does. Nothing is started once `interrupted` is aborted, whose reason is thrown then.
 */
export function foregroundOf(forwardSignals: ForwardSignals, interrupted: AbortSignal): RunInForeground {
  return async (command, args, env) => {
    let child: Deno.ChildProcess | null = null;
    using _signals = forwardSignals((signal) => {
      if (child !== null && !comesByItself(signal)) pass(signal, child);
    });
    // From here on a signal is the program's: one that came before is not to be lost in between.
    interrupted.throwIfAborted();
    const spawned = trySpawn(command, args, {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      // In the process group of this program, which is the terminal's in the foreground: else it could not read.
      detached: false,
      env,
    });
    if (isFailure(spawned)) {
      const { kind } = spawned;
      return kind === "not-permitted" ? { kind, flag: permissionFlag({ name: "run", command }) } : { kind };
    }
    child = spawned;
    return { kind: "ended", code: (await child.status).code };
  };
}

/**
 * Whether the program gets the signal without this one: a terminal sends what Ctrl-C and Ctrl-\ mean to all that run in
 * its foreground, and twice it means something else to many programs. Windows' consoles do the same.
 */
function comesByItself(signal: PassedSignal): boolean {
  if (Deno.build.os === "windows") return true;
  const streams = [Deno.stdin, Deno.stdout, Deno.stderr];
  return ["SIGINT", "SIGQUIT"].includes(signal) && streams.some((stream) => stream.isTerminal());
}

function pass(signal: PassedSignal, child: Deno.ChildProcess): void {
  try {
    child.kill(signal);
  } catch {
    // It ended by itself a moment ago.
  }
}
