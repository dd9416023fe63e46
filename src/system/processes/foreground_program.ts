import { permissionHint } from "../permission.ts";
import { isFailure, trySpawn } from "./processes.ts";
import type { ForwardedSignal, ForwardSignals } from "./signals.ts";

export type ForegroundResult =
  | {
    readonly kind: "ended";
    /** The exit code; 128 plus the signal number if a signal ended the program, as in a shell. */
    readonly code: number;
  }
  | { readonly kind: "not-found" | "refused" }
  | {
    readonly kind: "not-permitted";
    /** What the user can do. */
    readonly hint: string;
  };

/**
 * Runs `command` with exactly `args` in place of this program: with its terminal, streams, working directory and
 * variables, and with the variables `env`. A command without a slash is looked up in PATH.
 */
export type RunInForeground = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
) => Promise<ForegroundResult>;

/**
 * Creates the function that runs a program in the foreground. While the program runs, signals are forwarded to it, and
 * this process waits for it. If `interrupted` is aborted, nothing is started and its reason is thrown.
 */
export function foregroundOf(forwardSignals: ForwardSignals, interrupted: AbortSignal): RunInForeground {
  return async (command, args, env) => {
    let child: Deno.ChildProcess | null = null;
    using _signals = forwardSignals((signal) => {
      if (child !== null && !arrivesByItself(signal)) forward(signal, child);
    });
    // Signals are forwarded from here on. One that arrived before must not get lost.
    interrupted.throwIfAborted();
    const spawned = trySpawn(command, args, {
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      // Only the foreground process group of the terminal, which is that of this program, can read from it.
      detached: false,
      env,
    });
    if (isFailure(spawned)) {
      const { kind } = spawned;
      return kind === "not-permitted" ? { kind, hint: permissionHint({ name: "run", command }) } : { kind };
    }
    child = spawned;
    return { kind: "ended", code: (await child.status).code };
  };
}

/**
 * Returns whether the program receives the signal without forwarding: a terminal sends the signals of Ctrl-C and Ctrl-\
 * to its whole foreground process group, as a Windows console does, and many programs treat a second one differently.
 */
function arrivesByItself(signal: ForwardedSignal): boolean {
  if (Deno.build.os === "windows") return true;
  const streams = [Deno.stdin, Deno.stdout, Deno.stderr];
  return ["SIGINT", "SIGQUIT"].includes(signal) && streams.some((stream) => stream.isTerminal());
}

function forward(signal: ForwardedSignal, child: Deno.ChildProcess): void {
  try {
    child.kill(signal);
  } catch {
    // It has just ended.
  }
}
