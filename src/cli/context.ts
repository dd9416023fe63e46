import type { ErrorTable } from "../flows/error_table.ts";
import type { Flows } from "../flows/flows.ts";
import type { ProfileStore } from "../profiles/profile_store.ts";
import type { Clock } from "../system/clock.ts";
import type { Environment } from "../system/environment.ts";
import type { RunInForeground } from "../system/processes/foreground_program.ts";
import type { Os } from "../system/os.ts";
import type { ReadInput } from "../system/terminal/standard_input.ts";
import type { TerminalUi } from "./terminal/terminal_ui.ts";

/** What the commands are given to work with. */
export interface CommandContext {
  /** The standard streams. */
  readonly terminal: TerminalUi;
  /** Standard input, read whole. */
  readonly readInput: ReadInput;
  /** Environment variables. */
  readonly env: Environment;
  /** Time. */
  readonly clock: Clock;
  /** The operating system. */
  readonly os: Os;
  /** Path of the folder that holds what the program keeps. */
  readonly home: string;
  /** The profiles. */
  readonly profiles: ProfileStore;
  /** Aborted with a `CliError` `interrupted` when the program is to end. */
  readonly interrupted: AbortSignal;
  /** What is known of Entra's errors; needs neither a home nor the network. */
  readonly errorTable: () => Promise<ErrorTable>;
  /** What the program does. */
  readonly flows: Flows;
  /** Writes a file that only its owner can read, in one step; `-` is stdout. @throws {CliError} `store` or `permission`. */
  readonly writePrivateFile: (path: string, text: string) => Promise<void>;
  /** Reads a file that the user named; `-` is stdin. @throws {CliError} `usage` or `permission`. */
  readonly readTextFile: (path: string, maxBytes: number) => Promise<string>;
  /** Runs another program in the place of this one. */
  readonly runInForeground: RunInForeground;
  /** The exit code where nothing failed: 0, unless a command sets another. */
  exitCode: number;
}
