import { dirname } from "@std/path/dirname";
import { resolve } from "@std/path/resolve";
import { CliError } from "../../errors.ts";
import { permitted } from "../permission.ts";
import { FileError } from "./file_error.ts";
import type { Files } from "./files.ts";
import { replaceFile } from "./file_changes.ts";

/**
 * Reads a file that the user named, as UTF-8 text.
 *
 * @throws {CliError} `usage` if the file can't be read or has more than `maxBytes`, `permission` if Deno may not read it.
 */
export async function readTextFile(files: Files, path: string, maxBytes: number): Promise<string> {
  const data = await read(files, path, maxBytes + 1);
  if (data.length <= maxBytes) return new TextDecoder().decode(data);
  throw new CliError("usage", `${path} has more than ${maxBytes} bytes`, {
    hint: "Check that it is the right file.",
  });
}

async function read(files: Files, path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    return await files.read(resolve(path), maxBytes);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new CliError("usage", error.message, { hint: "Check the path.", cause: error });
  }
}

/**
 * Writes `text` to the file `path` in one step. Only its owner can read the file.
 *
 * @throws {FileError} Names `path`: writing fails at a temporary file beside it, which the user does not know.
 * @throws {CliError} `permission`, with the flag for the folder: the name of the temporary file can't be granted.
 */
export async function writePrivateFile(files: Files, path: string, text: string): Promise<void> {
  const folder = dirname(resolve(path));
  const needs = [{ name: "read", path: folder }, { name: "write", path: folder }] as const;
  try {
    await permitted(
      needs,
      `Writing ${path}`,
      () => replaceFile(files, resolve(path), new TextEncoder().encode(text)),
    );
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    // The hints for other reasons are about the program's own folder.
    const isAboutAnyFile = ["denied", "full", "not_private"].includes(error.reason);
    const hint = isAboutAnyFile ? error.hint : undefined;
    throw new FileError(error.reason, `write ${path}`, path, error.cause)
      .withHint(hint ?? `Check that ${path} can be a file, and that its folder exists and can be written.`);
  }
}
