import type { Clock } from "./clock.ts";
import type { Environment } from "./environment.ts";
import type { Files } from "./files.ts";
import type { Locks } from "./lock.ts";
import type { Network } from "./network.ts";
import type { Os } from "./os.ts";
import type { Processes } from "./processes.ts";
import type { Terminal } from "./terminal.ts";

/** The outside world, as far as the program reaches into it. */
export interface System {
  readonly os: Os;
  readonly clock: Clock;
  readonly env: Environment;
  readonly files: Files;
  readonly locks: Locks;
  readonly terminal: Terminal;
  readonly processes: Processes;
  /** The network, trusting these roots (PEM) besides the machine's own. */
  network(extraRoots: readonly string[]): Network;
  /** Aborted when the user ends the program. */
  readonly interrupted: AbortSignal;
}
