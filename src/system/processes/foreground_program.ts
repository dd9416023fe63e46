import { permissionHint, permittedSync } from "../permission.ts";
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
 * variables, and with the variables `env`. A variable that is null is removed. A command without a slash is looked up in
 * PATH.
 */
export type RunInForeground = (
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string | null>>,
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
    const spawned = spawnWithout(removedFrom(env), () =>
      trySpawn(command, args, {
        stdin: "inherit",
        stdout: "inherit",
        stderr: "inherit",
        // Only the foreground process group of the terminal, which is that of this program, can read from it.
        detached: false,
        env: Object.fromEntries(
          Object.entries(env).flatMap(([name, value]) => value === null ? [] : [[name, value]]),
        ),
      }));
    if (isFailure(spawned)) {
      const { kind } = spawned;
      return kind === "not-permitted" ? { kind, hint: permissionHint({ name: "run", command }) } : { kind };
    }
    child = spawned;
    return { kind: "ended", code: (await child.status).code };
  };
}

function removedFrom(env: Readonly<Record<string, string | null>>): string[] {
  return Object.keys(env).filter((name) => env[name] === null);
}

/**
 * Calls `spawn` while this process has no variables of these names. A child inherits the variables of this process, unless
 * all of them may be read and are listed.
 *
 * @throws {CliError} `permission` if Deno may not read one of them.
 */
function spawnWithout<T>(names: readonly string[], spawn: () => T): T {
  const needs = names.map((variable) => ({ name: "env", variable } as const));
  return permittedSync(needs, `Removing the environment variable ${names.join(", ")}`, () => {
    const before = names.map((name) => Deno.env.get(name));
    for (const name of names) Deno.env.delete(name);
    try {
      return spawn();
    } finally {
      for (const [at, name] of names.entries()) {
        const value = before[at];
        if (value !== undefined) Deno.env.set(name, value);
      }
    }
  });
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
