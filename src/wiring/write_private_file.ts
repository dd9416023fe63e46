import { dirname } from "@std/path/dirname";
import { resolve } from "@std/path/resolve";
import { FileError } from "../system/files/file_error.ts";
import type { Files } from "../system/files/files.ts";
import { permitted } from "../system/permission.ts";
import { replaceFile } from "../system/files/file_changes.ts";

/**
 * Writes `text` to the file `path`, which only its owner can read, in one step.
 *
 * @throws {FileError} That speaks of `path` alone: writing fails at the draft beside it, which the user doesn't know.
 * @throws {CliError} `permission`, with the flag for its folder: nobody can grant the name of the draft.
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
    // The hints for other reasons speak of the program's own folder.
    const isAboutAnyFile = ["denied", "full", "not_private"].includes(error.reason);
    const hint = isAboutAnyFile ? error.hint : undefined;
    throw new FileError(error.reason, `write ${path}`, path, error.cause)
      .withHint(hint ?? `Check that ${path} can be a file, and that its folder exists and can be written.`);
  }
}
