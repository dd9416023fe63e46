import { runGetToken } from "./cli/commands/get_token.ts";
import { errorStyle, fastPath, terminalStyle } from "./cli/arguments.ts";
import { reportError } from "./cli/report_error.ts";
import type { System } from "./system/system.ts";
import { createContext } from "./wiring/create_context.ts";

/**
 * Runs the program with the arguments after its name, and reports an error.
 *
 * @returns The exit code.
 */
export async function runApp(args: readonly string[], system: System): Promise<number> {
  const context = createContext(system, terminalStyle(args));
  try {
    const call = fastPath(args);
    if (call?.command === "get-token") await runGetToken(call.flags, context);
    else if (call?.command === "refresh") {
      await (await import("./cli/commands/refresh.ts")).runRefresh(call.flags, context);
    } else await (await import("./cli/program.ts")).runProgram(args, context);
    return context.exitCode;
  } catch (error) {
    return reportError(error, context.terminal, errorStyle(args));
  }
}
