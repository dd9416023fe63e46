import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../errors.ts";
import { systemPath } from "../path.ts";
import { delay } from "../timer.ts";
import { FileError } from "./file_error.ts";
import { factsOf, type FileContent, type FileFacts, type FilePatch, type Files } from "./files.ts";

const { basename, dirname, join } = systemPath;

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** Implements `Files.create`. */
export async function create(path: string, data: FileContent): Promise<FileFacts> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: FILE_MODE });
  const facts = factsOf(await file.stat());
  // The umask can only remove bits: until here no other user could open the file.
  if (!isPrivate(facts)) await makePrivate(file, path);
  if (data instanceof Uint8Array) await writeAll(file, data);
  else for await (const piece of data) await writeAll(file, piece);
  await file.sync();
  return facts;
}

/** Implements `Files.overwrite`. */
export async function overwrite(path: string, data: Uint8Array): Promise<FileFacts | null> {
  try {
    using file = await Deno.open(path, { write: true });
    await writeAll(file, data);
    await file.truncate(data.length);
    await file.sync();
    return factsOf(await file.stat());
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Implements `Files.patch`. */
export async function patch(path: string, { parts, size }: FilePatch): Promise<FileFacts | null> {
  try {
    using file = await Deno.open(path, { write: true });
    if ((await file.stat()).size < size) return null;
    for (const { at, data } of parts) {
      await file.seek(at, Deno.SeekMode.Start);
      await writeAll(file, data);
    }
    await file.truncate(size);
    await file.sync();
    return factsOf(await file.stat());
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function writeAll(file: Deno.FsFile, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length;) written += await file.write(data.subarray(written));
}

/** Ignores the execute bit of the owner, which some file systems set on every file. */
function isPrivate({ mode }: FileFacts): boolean {
  return mode === null || (mode & 0o677) === FILE_MODE;
}

/** Sets the mode of a file that is still empty, and verifies it: some file systems ignore modes. */
async function makePrivate(file: Deno.FsFile, path: string): Promise<void> {
  await setMode("write", path, FILE_MODE);
  if (!isPrivate(factsOf(await file.stat()))) throw new FileError("not_private", `write ${path}`, path);
}

/** Sets the mode of a new file or folder. A refusal means that the file system has no modes. */
async function setMode(verb: string, path: string, mode: number): Promise<void> {
  try {
    await Deno.chmod(path, mode);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new FileError("not_private", `${verb} ${path}`, path, error);
  }
}

/** Implements `Files.syncFolder`. */
export async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path, { read: true });
  try {
    await folder.sync();
  } catch (error) {
    // Some network file systems cannot sync a folder and fail with EINVAL. The rename is done nevertheless.
    if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
  }
}

/** Implements `Files.makeFolder`. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await Deno.mkdir(path, { mode: FOLDER_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return;
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await Deno.mkdir(path, { recursive: true, mode: FOLDER_MODE });
  }
  const { mode } = factsOf(await Deno.lstat(path));
  if (mode !== null && mode !== FOLDER_MODE) await setMode("create", path, FOLDER_MODE);
}

const MAX_ATTEMPTS = 70;
const MAX_PAUSE_MS = 32;

/**
 * Implements `Files.rename`. Windows may refuse a rename while another process (a reader on an older file system, a virus
 * scanner, a backup) has one of the files open, so it is retried there for up to two seconds.
 */
export async function renameWithRetry(from: string, to: string): Promise<void> {
  let pauseMs = 1;
  for (let attempts = 1;; attempts++) {
    try {
      return await Deno.rename(from, to);
    } catch (error) {
      if (Deno.build.os !== "windows" || !mayBeInUse(error) || attempts === MAX_ATTEMPTS) throw error;
    }
    // The jitter avoids running in step with a process that opens the file again and again.
    await delay(pauseMs * Math.random());
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
  }
}

/** Windows reports it as denied access, a sharing violation or a busy file. */
function mayBeInUse(error: unknown): boolean {
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.Busy) return true;
  return error instanceof Error && "code" in error && error.code === "EBUSY";
}

export interface ReplaceFileOptions {
  /** The user ID that must own the new file: a file created by root in a user's folder would lock the user out. */
  readonly owner?: number | null;
  /** A file of {@linkcode reserveSpace} for the same path, to use the space of. */
  readonly reserved?: string | undefined;
}

/**
 * Writes `data` to `path` atomically: readers see the old content or the new content, also after a crash. The new file
 * has mode 0600 from the start. A symbolic link at `path` is replaced, not followed. On failure the old file is unchanged.
 *
 * @throws {CliError} `store` or `permission`.
 */
export async function replaceFile(
  files: Files,
  path: string,
  data: Uint8Array,
  options: ReplaceFileOptions = {},
): Promise<void> {
  const temporary = options.reserved ?? temporaryPath(path);
  await replaceBy(files, path, temporary, async () => {
    await writeTemporary(files, path, temporary, data, options);
    return true;
  });
}

/** Renames `temporary` to `path` once `write` has written it. Returns false if that returns false. */
async function replaceBy(
  files: Files,
  path: string,
  temporary: string,
  write: () => Promise<boolean>,
): Promise<boolean> {
  try {
    if (!await write()) return false;
    await files.rename(temporary, path);
  } catch (error) {
    await tryRemove(files, temporary);
    throw error;
  }
  await files.syncFolder(dirname(path));
  return true;
}

/**
 * Like {@linkcode replaceFile}, with the file `reserved` of {@linkcode reserveSpace} once it is patched. Returns false if that
 * has been removed.
 *
 * @throws {CliError} `store` or `permission`.
 */
export async function replaceByPatch(
  files: Files,
  path: string,
  reserved: string,
  patch: FilePatch,
  { owner }: ReplaceFileOptions = {},
): Promise<boolean> {
  return await replaceBy(files, path, reserved, async () => {
    await assertReplaceable(files, path);
    const facts = await files.patch(reserved, patch);
    if (facts !== null) assertOwner(facts, path, owner);
    return facts !== null;
  });
}

/**
 * Fails like {@linkcode replaceFile} if `content` cannot be written to `path`, which it leaves as it is. Returns the path of
 * a temporary file with it: a disk that becomes full afterwards does not prevent a replacement that uses its space.
 */
export async function reserveSpace(
  files: Files,
  path: string,
  content: FileContent,
  options: ReplaceFileOptions = {},
): Promise<string> {
  const temporary = temporaryPath(path);
  try {
    await assertReplaceable(files, path);
    assertOwner(await files.create(temporary, content), path, options.owner);
    return temporary;
  } catch (error) {
    await tryRemove(files, temporary);
    throw error;
  }
}

/** Fails like {@linkcode reserveSpace}, and reserves nothing. */
export async function rehearseReplaceFile(
  files: Files,
  path: string,
  data: Uint8Array,
  options: ReplaceFileOptions = {},
): Promise<void> {
  await tryRemove(files, await reserveSpace(files, path, new Uint8Array(data.length), options));
}

async function writeTemporary(
  files: Files,
  path: string,
  temporary: string,
  data: Uint8Array,
  { owner, reserved }: ReplaceFileOptions,
): Promise<void> {
  await assertReplaceable(files, path);
  // Another process may have removed the reserved file.
  const overwritten = reserved === undefined ? null : await files.overwrite(reserved, data);
  assertOwner(overwritten ?? await files.create(temporary, data), path, owner);
}

function assertOwner({ uid }: FileFacts, path: string, owner: number | null | undefined): void {
  if (typeof owner === "number" && uid !== owner) throw new WrongOwnerError(dirname(path));
}

function temporaryPath(path: string): string {
  const random = encodeHex(crypto.getRandomValues(new Uint8Array(8)));
  return join(dirname(path), `${temporaryPrefix(path)}${random}${TEMPORARY_SUFFIX}`);
}

/**
 * Removes the temporary files that a crash of {@linkcode replaceFile} for `path` left behind. The caller must hold the
 * lock of all writers of `path`.
 *
 * @param kept The paths of temporary files that are in use.
 */
export async function removeLeftovers(files: Files, path: string, kept: ReadonlySet<string>): Promise<void> {
  const folder = dirname(path);
  const prefix = temporaryPrefix(path);
  for (const name of await files.list(folder)) {
    const leftover = join(folder, name);
    if (name.startsWith(prefix) && name.endsWith(TEMPORARY_SUFFIX) && !kept.has(leftover)) {
      await tryRemove(files, leftover);
    }
  }
}

/** A rename would replace a device such as `/dev/null` by a regular file. */
async function assertReplaceable(files: Files, path: string): Promise<void> {
  const kind = (await files.lstat(path))?.kind;
  if (kind === "other") throw specialFileError(path);
  if (kind !== "folder") return;
  throw new CliError("store", `Could not write ${path}: it is a folder`, {
    hint: "Choose the path of a regular file.",
  });
}

/** The error for a device, a pipe or a socket, which a rename would replace and which has no mode of its own. */
export function specialFileError(path: string, cause?: unknown): CliError {
  return new CliError("store", `Could not write ${path}: it is a special file`, {
    hint: "Choose the path of a regular file, or omit --file: stdout can be a pipe.",
    cause,
  });
}

const TEMPORARY_SUFFIX = ".tmp";

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.`;
}

/** Ignores a failure: the error that led here is the one to report, and the next write removes the file. */
export async function tryRemove(files: Files, path: string): Promise<void> {
  try {
    await files.remove(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
  }
}

/** The file would not belong to the user for whom it is written. */
export class WrongOwnerError extends CliError {
  constructor(folder: string) {
    super("store", `The folder ${folder} belongs to another user`, {
      hint: "Run without sudo, or set ENTRA_AUTH_CLI_HOME to a folder of your own.",
    });
  }
}
