import { systemClock } from "./clock.ts";
import { systemEnvironment } from "./environment.ts";
import { systemFiles } from "./files/deno_files.ts";
import { systemLocks } from "./files/lock.ts";
import { systemNetwork } from "./network/deno_network.ts";
import { prepareTls } from "./network/prepare_tls.ts";
import { systemOs } from "./os.ts";
import { openSocketTables, type SocketTables } from "./network/connection_owner.ts";
import { systemProcesses } from "./processes/processes.ts";
import type { Signals } from "./processes/signals.ts";
import type { System } from "./system.ts";
import { systemTerminal } from "./terminal/terminal.ts";
import { readStandardInput } from "./terminal/standard_input.ts";
import { openDataProtection } from "./windows/data_protection.ts";

type SignalSource = Pick<Signals, "signal" | "forwardSignals">;

/**
 * Creates the system that the program runs on.
 *
 * @param signals The signals that end the program.
 */
export function createSystem(signals: SignalSource): System {
  // Opened on first use.
  let tables: SocketTables | undefined;
  const openTables = () => tables ??= openSocketTables(systemProcesses);
  return {
    os: systemOs,
    pid: Deno.pid,
    clock: systemClock,
    env: systemEnvironment,
    files: systemFiles,
    locks: {
      acquire(path, options) {
        startListening(signals);
        return systemLocks.acquire(path, options);
      },
    },
    terminal: systemTerminal,
    readInput: readStandardInput,
    processes: systemProcesses,
    socketTables: {
      areReadable: () => openTables().areReadable(),
      read: (table) => openTables().read(table),
    },
    dataProtection: () => Promise.resolve(openDataProtection()),
    network: systemNetwork,
    prepareNetwork: prepareTls,
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
