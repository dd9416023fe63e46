import { systemClock } from "./clock.ts";
import { systemEnvironment } from "./environment.ts";
import { systemFiles } from "./files/deno_files.ts";
import { systemOs } from "./os.ts";
import type { Signals } from "./processes/signals.ts";
import type { System } from "./system.ts";
import { systemTerminal } from "./terminal/deno_terminal.ts";

type SignalSource = Pick<Signals, "signal" | "forwardSignals">;

/**
 * Creates the system that the program runs on. Modules that a cached token does not need are loaded on first use.
 *
 * @param signals The signals that end the program.
 */
export function createSystem(signals: SignalSource): System {
  return {
    os: systemOs,
    pid: Deno.pid,
    clock: systemClock,
    env: systemEnvironment,
    files: systemFiles,
    locks: {
      async acquire(path, options) {
        startListening(signals);
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
      return signals.signal;
    },
    forwardSignals: signals.forwardSignals,
  };
}

/**
 * Installs the signal handlers, which reading `signal` does. The holder of a lock writes next, and from then on a
 * signal must not end the process between the temporary file and its rename.
 */
function startListening({ signal: _ }: SignalSource): void {}
