import { resolve } from "@std/path/resolve";
import { CliError } from "../errors.ts";
import { FileError } from "../system/files/file_error.ts";
import type { Files } from "../system/files/files.ts";

/**
 * Reads a file that the user named, as UTF-8 text.
 *
 * @throws {CliError} `usage` when it can't be read or has more than `maxBytes`, `permission` when Deno may not read it.
 */
export async function readTextFile(files: Files, path: string, maxBytes: number): Promise<string> {
  const data = await read(files, path, maxBytes + 1);
  if (data.length <= maxBytes) return new TextDecoder().decode(data);
  throw new CliError("usage", `${path} has more than ${maxBytes} bytes`, {
    hint: "Check that it is the right file.",
  });
}

async function read(files: Files, path: string, mostBytes: number): Promise<Uint8Array> {
  try {
    return await files.read(resolve(path), mostBytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CliError("usage", error.message, { hint: "Check the path.", cause: error });
  }
}
