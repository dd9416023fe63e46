import type { Clock } from "./clock.ts";
import type { DataProtection } from "./windows/data_protection.ts";
import type { Environment } from "./environment.ts";
import type { Files } from "./files/files.ts";
import type { ForwardSignals } from "./processes/signals.ts";
import type { Locks } from "./files/lock.ts";
import type { Network } from "./network/network.ts";
import type { Os } from "./os.ts";
import type { Processes } from "./processes/processes.ts";
import type { ReadInput } from "./terminal/standard_input.ts";
import type { Terminal } from "./terminal/terminal.ts";

/** The outside world, as far as the program reaches into it. */
export interface System {
  /** What kind of machine it is. */
  readonly os: Os;
  /** Id of this process. */
  readonly pid: number;
  /** Time. */
  readonly clock: Clock;
  /** Environment variables. */
  readonly env: Environment;
  /** Files. */
  readonly files: Files;
  /** Locks between processes. */
  readonly locks: Locks;
  /** The standard streams. */
  readonly terminal: Terminal;
  /** Standard input, read whole. */
  readonly readInput: ReadInput;
  /** Other programs. */
  readonly processes: Processes;
  /** The system's own encryption for the present user. Only Windows has one. */
  dataProtection(): Promise<DataProtection>;
  /** The network, trusting these roots (PEM) besides the machine's own. */
  network(extraRoots: readonly string[]): Network;
  /** Aborted when the user ends the program. Whoever waits for something asks for it: until then, signals end the process. */
  readonly interrupted: AbortSignal;
  /** Lets another program have the signals that would end this one. */
  readonly forwardSignals: ForwardSignals;
}
