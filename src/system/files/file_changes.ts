import { delay } from "@std/async/delay";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../errors.ts";
import { systemPath } from "../path.ts";
import { FileError } from "./file_error.ts";
import { factsOf, type FileFacts, type Files } from "./files.ts";

const { basename, dirname, join } = systemPath;

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** See `Files`. */
export async function create(path: string, data: Uint8Array): Promise<FileFacts> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: FILE_MODE });
  const facts = factsOf(await file.stat());
  // The umask can only have taken bits away: nobody else could open the file before this.
  if (!isPrivate(facts)) await makePrivate(file, path);
  for (let written = 0; written < data.length;) written += await file.write(data.subarray(written));
  await file.sync();
  return facts;
}

/** For the user to read and write, and for nobody else; some file systems let everything be executed. */
function isPrivate({ mode }: FileFacts): boolean {
  return mode === null || (mode & 0o677) === FILE_MODE;
}

/** Sets the mode of a file that is still empty, and looks whether it has it: some file systems only pretend. */
async function makePrivate(file: Deno.FsFile, path: string): Promise<void> {
  await setMode("write", path, FILE_MODE);
  if (!isPrivate(factsOf(await file.stat()))) throw new FileError("not_private", `write ${path}`, path);
}

/** Sets the mode of what was just made. Who may not do that is on a file system that has no modes to set. */
async function setMode(verb: string, path: string, mode: number): Promise<void> {
  try {
    await Deno.chmod(path, mode);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new FileError("not_private", `${verb} ${path}`, path, error);
  }
}

/** See `Files`. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path, { read: true });
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems can't sync a folder, and say so with EINVAL. The rename has been done all the same.
    if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
  }
}

/** See `Files`. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
  }
  const { mode } = factsOf(await Deno.lstat(path));
  if (mode !== null && mode !== FOLDER_MODE) await setMode("make", path, FOLDER_MODE);
}

const MAX_ATTEMPTS = 70;
const MAX_PAUSE_MS = 32;

/**
 * Moves `from` to `to` in one step, replacing what is there. Windows may refuse that while somebody has one of them open:
 * a reader on a file system with the old rules, a virus scanner, a backup. They are done soon, so it is tried again there
 * for a second or two. Throws what `Deno.rename` throws.
 */
export async function renameWithRetry(from: string, to: string): Promise<void> {
  let pauseMs = 1;
  for (let attempts = 1;; attempts++) {
    try {
      return await Deno.rename(from, to);
    } catch (error) {
      if (Deno.build.os !== "windows" || !mayBeInUse(error) || attempts === MAX_ATTEMPTS) throw error;
    }
    // In no step with who opens it again and again.
    await delay(pauseMs * Math.random());
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

/** Windows calls it denied access, a sharing violation or a busy file. */
function mayBeInUse(error: unknown): boolean {
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.Busy) return true;
  return error instanceof Error && "code" in error && error.code === "EBUSY";
}

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
