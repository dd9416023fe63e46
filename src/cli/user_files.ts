import { CliError } from "../errors.ts";
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

/** What a command may replace. */
export interface Replaceable {
  /** What the command writes, for messages: "a token". */
  readonly what: string;
  /** Matches the beginning of a file that the command wrote. */
  readonly pattern: RegExp;
  /** Whether to replace other files too. */
  readonly force: boolean | undefined;
}

/**
 * Checks that `writeUserFile()` will not refuse the path, before a sign-in or a question whose result would be lost.
 *
 * @throws {CliError} `usage` for a file of this program or of another kind; `store` for a link of another user; `permission`.
 */
export async function checkUserFile(
  path: string | undefined,
  { what, pattern, force = false }: Replaceable,
  { checkPrivateFile }: Pick<CommandContext, "checkPrivateFile">,
): Promise<void> {
  if (path === undefined || path === STREAM) return;
  const present = await checkPrivateFile(path);
  if (force || present === null || present.trim() === "" || pattern.test(present)) return;
  throw new CliError("usage", `Could not write ${path}: it does not contain ${what}`, {
    hint: "Choose another path, or replace the file with --force.",
  });
}

/**
 * Writes a file that only its owner can read, or `-`, which is standard output. Returns whether it wrote a file.
 *
 * @throws {CliError} `store` or `permission`.
 */
export async function writeUserFile(
  path: string,
  text: string,
  context: Pick<CommandContext, "terminal" | "writePrivateFile">,
): Promise<boolean> {
  if (path === STREAM) await context.terminal.writeData(text);
  else await context.writePrivateFile(path, text);
  return path !== STREAM;
}
