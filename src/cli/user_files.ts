import type { CommandContext } from "./context.ts";

/** Stands for standard input or standard output in place of a path. */
const STREAM = "-";

/** Reads the file that the user named; `-` is standard input. @throws {CliError} `usage` or `permission`. */
export async function readUserFile(
  path: string,
  maxBytes: number,
  context: Pick<CommandContext, "readInput" | "readTextFile" | "signal">,
): Promise<string> {
  if (path === STREAM) return await context.readInput(maxBytes, context.signal);
  return await context.readTextFile(path, maxBytes);
}

/**
 * Checks that `writeUserFile()` will not refuse the path, before a sign-in or a question whose result would be lost.
 *
 * @throws {CliError} `usage` for a file of this program; `store` for a link of another user; `permission`.
 */
export async function checkUserFile(
  path: string | undefined,
  { checkPrivateFile }: Pick<CommandContext, "checkPrivateFile">,
): Promise<void> {
  if (path !== undefined && path !== STREAM) await checkPrivateFile(path);
}

/** Writes a file that only its owner can read; `-` is standard output. @throws {CliError} `store` or `permission`. */
export async function writeUserFile(
  path: string,
  text: string,
  context: Pick<CommandContext, "terminal" | "writePrivateFile">,
): Promise<void> {
  if (path === STREAM) await context.terminal.writeData(text);
  else await context.writePrivateFile(path, text);
}
