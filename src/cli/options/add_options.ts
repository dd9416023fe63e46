import type { Command } from "@cliffy/command";
import type { OptionTable } from "./option_table.ts";

/** A command with flags of any type: Cliffy has a type of its own for each set of flags. */
// deno-lint-ignore no-explicit-any -- Cliffy's own type for "any command"
export type AnyCommand = Command<any>;

/** Gives `command` the flags in `table`, or its subcommands too if they are global. */
export function addOptions(command: AnyCommand, table: OptionTable, { global = false } = {}): AnyCommand {
  for (const { flag, short, value, description, repeats, hidden } of Object.values(table)) {
    const names = short === undefined ? flag : `${short}, ${flag}`;
    const declared = value === undefined ? names : `${names} <${value}:string>`;
    command.option(declared, description, { collect: repeats ?? false, hidden: hidden ?? false, global });
  }
  return command;
}
