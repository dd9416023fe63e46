import { systemClock } from "./clock.ts";
import { systemEnvironment } from "./environment.ts";
import { systemFiles } from "./files.ts";
import { systemLocks } from "./lock.ts";
import { systemNetwork } from "./network.ts";
import { systemOs } from "./os.ts";
import { systemProcesses } from "./processes.ts";
import type { System } from "./system.ts";
import { systemTerminal } from "./terminal.ts";

/** The real world. @param interrupted Aborted when the user ends the program. */
export function createSystem(interrupted: AbortSignal): System {
  return {
    os: systemOs,
    pid: Deno.pid,
    clock: systemClock,
    env: systemEnvironment,
    files: systemFiles,
    locks: systemLocks,
    terminal: systemTerminal,
    processes: systemProcesses,
    dataProtection: async () => (await import("./data_protection.ts")).openDataProtection(),
    network: systemNetwork,
    interrupted,
  };
}
