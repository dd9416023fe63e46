import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../errors.ts";
import { FileError } from "./file_error.ts";
import type { Files } from "./files.ts";
import { systemPath } from "../path.ts";
import { basename, dirname } from "../path_parts.ts";

const { join } = systemPath;

/** Options of {@linkcode replaceFile}. */
export interface ReplaceFileOptions {
  /** User id that the new file must belong to: a file made by root in a user's folder would lock the user out. */
  readonly owner?: number | null;
}

/**
 * Writes `data` to `path` in one step: whoever looks sees the old content or the new, also after a crash. The new file
 * has mode 0600 from its first moment; a symbolic link at `path` is replaced, never followed. On failure the old file
 * is as it was.
 *
 * @throws {CliError} `store` or `permission`.
 */
export async function replaceFile(
  files: Files,
  path: string,
  data: Uint8Array,
  options: ReplaceFileOptions = {},
): Promise<void> {
  const folder = dirname(path);
  await checkReplaceable(files, path);
  const random = encodeHex(crypto.getRandomValues(new Uint8Array(8)));
  const temporary = join(folder, `${temporaryPrefix(path)}${random}${TEMPORARY_SUFFIX}`);
  try {
    const { uid } = await files.create(temporary, data);
    if (typeof options.owner === "number" && uid !== options.owner) throw ownerError(folder);
    await files.rename(temporary, path);
  } catch (error) {
    await removeQuietly(files, temporary);
    throw error;
  }
  await files.syncFolder(folder);
}

/**
 * Removes what a crash of {@linkcode replaceFile} for `path` left behind. Only for who holds the lock that all writers
 * of `path` take.
 */
export async function removeLeftovers(files: Files, path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = temporaryPrefix(path);
  for (const name of await files.list(folder)) {
    if (name.startsWith(prefix) && name.endsWith(TEMPORARY_SUFFIX)) {
      await removeQuietly(files, join(folder, name));
    }
  }
}

/** A rename would put a plain file in place of a device such as `/dev/null`. */
async function checkReplaceable(files: Files, path: string): Promise<void> {
  const kind = (await files.lstat(path))?.kind;
  if (kind !== "folder" && kind !== "other") return;
  throw new CliError(
    "store",
    `Could not write ${path}: it is ${kind === "folder" ? "a folder" : "a special file"}`,
    {
      hint: "Name a plain file.",
    },
  );
}

const TEMPORARY_SUFFIX = ".tmp";

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`;
}

/** The error that led here is the one to report; a file that can't be removed now goes with the next write. */
async function removeQuietly(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

function ownerError(folder: string): CliError {
  return new CliError("store", `The folder ${folder} belongs to another user`, {
    hint: "Run without sudo, or set ENTRA_AUTH_CLI_HOME to a folder of your own.",
  });
}
