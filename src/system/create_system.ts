import { systemClock } from "./clock.ts";
import { systemEnvironment } from "./environment.ts";
import { systemFiles } from "./files.ts";
import type { Interrupts } from "./interrupts.ts";
import { systemNetwork } from "./network.ts";
import { systemOs } from "./os.ts";
import { systemProcesses } from "./processes.ts";
import { readStandardInput } from "./standard_input.ts";
import type { System } from "./system.ts";
import { systemTerminal } from "./terminal.ts";

/** The real world. @param interrupts What ends the program. */
export function createSystem(interrupts: Pick<Interrupts, "signal" | "handOver">): System {
  return {
    os: systemOs,
    pid: Deno.pid,
    clock: systemClock,
    env: systemEnvironment,
    files: systemFiles,
    locks: {
      // A token from the cache takes none.
      acquire: async (path, options) => (await import("./lock.ts")).systemLocks.acquire(path, options),
    },
    terminal: systemTerminal,
    readInput: readStandardInput,
    processes: systemProcesses,
    dataProtection: async () => (await import("./data_protection.ts")).openDataProtection(),
    network: systemNetwork,
    interrupted: interrupts.signal,
    handOverSignals: interrupts.handOver,
  };
}
