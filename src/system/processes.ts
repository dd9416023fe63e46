/** A program that was started and lives its own life. */
export interface StartedProcess {
  /** Settles with the exit code when the program ends. Never rejects. */
  readonly exited: Promise<{ code: number }>;
  /** Lets this process end while the started one still runs. */
  unref(): void;
}

/**
 * What became of starting a program: it runs; there is none of that name; Deno was not given the permission to run it;
 * or the system refused (not executable, a folder, …).
 */
export type StartAttempt =
  | { kind: "started"; process: StartedProcess }
  | { kind: "not-found" | "not-permitted" | "refused" };

/** Starts other programs. */
export interface Processes {
  /**
   * Starts `command`, looked up in PATH when it has no slash, with exactly `args`: no shell reads them. Nothing is
   * shared with the terminal: its input is empty, its output goes nowhere, and Ctrl-C does not reach it.
   */
  start(command: string, args: readonly string[]): StartAttempt;
}

/** The machine's processes. */
export const systemProcesses: Processes = {
  start(command: string, args: readonly string[]): StartAttempt {
    try {
      return started(spawnPastLoaderVariables(command, args));
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) return { kind: "not-permitted" };
      if (error instanceof Deno.errors.NotFound) return { kind: "not-found" };
      return { kind: "refused" };
    }
  },
};

function started(child: Deno.ChildProcess): StartAttempt {
  return {
    kind: "started",
    process: {
      exited: child.status.then(({ code }) => ({ code })),
      unref: () => child.unref(),
    },
  };
}

/**
 * Spawns `command`. With a list of allowed programs Deno starts none while a variable is set that makes the loader run
 * other code (`LD_PRELOAD`, `LD_LIBRARY_PATH`, `DYLD_…`), and names those in its message. Emptied for the child they do
 * nothing, so that is tried next.
 */
function spawnPastLoaderVariables(command: string, args: readonly string[]): Deno.ChildProcess {
  try {
    return spawn(command, args, {});
  } catch (error) {
    const variables = error instanceof Deno.errors.NotCapable
      ? error.message.match(/\b(?:LD|DYLD)_\w+/g)
      : null;
    if (variables === null) throw error;
    return spawn(command, args, Object.fromEntries(variables.map((name) => [name, ""])));
  }
}

function spawn(command: string, args: readonly string[], env: Record<string, string>): Deno.ChildProcess {
  return new Deno.Command(command, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
    // A process group of its own: Ctrl-C in the terminal must not end the user's browser.
    detached: true,
  }).spawn();
}
