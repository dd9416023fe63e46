import type { Clock } from "./clock.ts";
import type { Environment } from "./environment.ts";
import type { Files } from "./files/files.ts";
import type { Locks } from "./files/lock.ts";
import type { SocketTables } from "./network/connection_owner.ts";
import type { Network } from "./network/network.ts";
import type { Os } from "./os.ts";
import type { Processes } from "./processes/processes.ts";
import type { ForwardSignals } from "./processes/signals.ts";
import type { ReadInput } from "./terminal/standard_input.ts";
import type { Terminal } from "./terminal/terminal.ts";
import type { DataProtection } from "./windows/data_protection.ts";

/** Everything outside the process that the program uses. */
export interface System {
  readonly os: Os;
  /** The ID of this process. */
  readonly pid: number;
  readonly clock: Clock;
  readonly env: Environment;
  readonly files: Files;
  readonly locks: Locks;
  readonly terminal: Terminal;
  /** Reads standard input to its end. */
  readonly readInput: ReadInput;
  readonly processes: Processes;
  /** The tables of all TCP sockets, with the users they belong to. Linux only. */
  readonly socketTables: SocketTables;
  /** Opens the operating system's encryption for the current user. Windows only. */
  dataProtection(): Promise<DataProtection>;
  /** Returns a network that trusts `extraRoots` (PEM) in addition to the roots of the machine. */
  network(extraRoots: readonly string[]): Network;
  /** Prepares for the first connection while other work goes on. */
  prepareNetwork(): void;
  /**
   * Aborted when a signal ends the program. Reading this property installs the signal handlers: read it before
   * anything that waits or writes. Until then, a signal ends the process at once.
   */
  readonly interrupted: AbortSignal;
  /** Forwards the signals that would end this program to another one. */
  readonly forwardSignals: ForwardSignals;
}
