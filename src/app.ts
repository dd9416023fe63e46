import { fastPath } from "./cli/options/fast_path.ts";
import { runGetToken } from "./cli/commands/get_token.ts";
import { ownArguments, wantsJson } from "./cli/arguments.ts";
import { reportError } from "./cli/report_error.ts";
import { GLOBAL_OPTIONS } from "./cli/options/token_options.ts";
import type { System } from "./system/system.ts";
import { createContext } from "./wiring/create_context.ts";

/**
 * Runs the program with the arguments after its name, and reports an error.
 *
 * @returns The exit code.
 */
export async function runApp(args: readonly string[], system: System): Promise<number> {
  const own = ownArguments(args);
  const context = createContext(system, own.includes(GLOBAL_OPTIONS.plain.flag));
  try {
    const flags = fastPath(args);
    if (flags !== null) await runGetToken(flags, context);
    else await (await import("./cli/program.ts")).runProgram(args, context);
    return context.exitCode;
  } catch (error) {
    return reportError(error, context.terminal, {
      asJson: wantsJson(own),
      verbose: own.includes(GLOBAL_OPTIONS.verbose.flag),
    });
  }
}
