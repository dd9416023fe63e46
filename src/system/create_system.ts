import { systemClock } from "./clock.ts";
import { systemEnvironment } from "./environment.ts";
import { systemFiles } from "./files/deno_files.ts";
import type { Signals } from "./processes/signals.ts";
import { systemOs } from "./os.ts";
import type { System } from "./system.ts";
import { systemTerminal } from "./terminal/deno_terminal.ts";

/** The real world. @param interrupts What ends the program. */
export function createSystem(interrupts: Pick<Signals, "signal" | "forwardSignals">): System {
  return {
    os: systemOs,
    pid: Deno.pid,
    clock: systemClock,
    env: systemEnvironment,
    files: systemFiles,
    // What a token from the cache doesn't need is loaded when it is used.
    locks: {
      async acquire(path, options) {
        beginToListen(interrupts);
        return await (await import("./files/lock.ts")).systemLocks.acquire(path, options);
      },
    },
    terminal: systemTerminal,
    readInput: async (maxBytes, signal) =>
      (await import("./terminal/standard_input.ts")).readStandardInput(maxBytes, signal),
    processes: {
      start: async (command, args) =>
        (await import("./processes/processes.ts")).systemProcesses.start(command, args),
      run: async (command, args, options) =>
        (await import("./processes/processes.ts")).systemProcesses.run(command, args, options),
    },
    dataProtection: async () => (await import("./windows/data_protection.ts")).openDataProtection(),
    network: (extraRoots) => ({
      send: async (request) =>
        (await import("./network/deno_network.ts")).systemNetwork(extraRoots).send(request),
    }),
    get interrupted() {
      return interrupts.signal;
    },
    forwardSignals: interrupts.forwardSignals,
  };
}

/** Who holds a lock writes next: a signal may not end the process between a draft and its rename any more. */
function beginToListen({ signal: _ }: Pick<Signals, "signal">): void {}
