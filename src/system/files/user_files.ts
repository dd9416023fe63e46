import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";
import { systemOs } from "../os.ts";
import { systemPath } from "../path.ts";
import { permitted } from "../permission.ts";
import { startTimer } from "../timer.ts";
import { rehearseReplaceFile, replaceFile, specialFileError, WrongOwnerError } from "./file_changes.ts";
import { FileError } from "./file_error.ts";
import { isOwnName } from "./file_permissions.ts";
import type { Bytes, Files } from "./files.ts";

const { basename, dirname, join, resolve } = systemPath;

/** How long to wait for a file: a pipe may have no writer, or one that writes nothing. */
export interface ReadWait {
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** The time limit; none by default. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Reads a file that the user named. It can be a pipe.
 *
 * @throws {CliError} `usage` if the file cannot be read or is larger than `maxBytes`, `permission` if Deno may not read it.
 */
export function readNamedFile(files: Files, path: string, maxBytes: number, wait: ReadWait): Promise<Bytes> {
  return read(
    files,
    path,
    maxBytes,
    wait,
    (reason, cause) => new CliError("usage", reason, { hint: "Check the path.", cause }),
  );
}

/** Reads a file like {@linkcode readNamedFile}, as UTF-8 text. */
export async function readTextFile(
  files: Files,
  path: string,
  maxBytes: number,
  wait: ReadWait,
): Promise<string> {
  return new TextDecoder().decode(await readNamedFile(files, path, maxBytes, wait));
}

/** More than any certificate, bundle of roots or assertion needs. */
const MAX_CREDENTIAL_BYTES = 1_048_576;

/**
 * Reads a certificate or an assertion that the user named by a flag or a variable.
 *
 * @param what The role of the file for the message: "root certificate".
 * @param source The origin of the path for the hint: "--ca-cert or ENTRA_AUTH_CLI_CA_CERT".
 * @throws {CliError} `usage` if the file cannot be read or is too large, `permission` if Deno may not read it, `timeout`.
 */
export function readCredentialFile(
  files: Files,
  path: string,
  what: string,
  source: string,
  wait: ReadWait,
): Promise<Bytes> {
  return read(
    files,
    path,
    MAX_CREDENTIAL_BYTES,
    wait,
    (reason, cause) =>
      new CliError("usage", `Cannot use the ${what}: ${reason}`, { hint: `Check ${source}.`, cause }),
  );
}

async function read(
  files: Files,
  path: string,
  maxBytes: number,
  { signal, timeoutMs }: ReadWait,
  usageError: (reason: string, cause?: unknown) => CliError,
): Promise<Bytes> {
  const limit = new AbortController();
  using _timer = timeoutMs === undefined
    ? null
    : startTimer(timeoutMs, () => limit.abort(timeoutError(path, timeoutMs)));
  try {
    // One byte more than allowed shows that the file is too large. The read itself cannot be canceled.
    const reading = files.read(resolve(path), maxBytes + 1);
    const data = await abortable(reading, AbortSignal.any([signal, limit.signal]));
    if (data.length > maxBytes) throw usageError(`${path} is larger than ${maxBytes} bytes`);
    return data;
  } catch (error) {
    throw error instanceof FileError ? usageError(error.message, error) : error;
  }
}

function timeoutError(path: string, timeoutMs: number): CliError {
  return new CliError("timeout", `Timeout reading ${path}: it did not end within ${timeoutMs / 1000} s`, {
    hint: "Check the program that writes to it.",
  });
}

/**
 * Writes `text` to the file `path` in one step. Only its owner can read the file. A symbolic link of the user is written
 * through.
 *
 * @param home The folder of this program, whose files are not overwritten.
 * @throws {FileError} Names `path`: writing fails at a temporary file beside it, which the user does not know.
 * @throws {CliError} `usage` for a file of this program; `store` for a link of another user; `permission`, with the flag
 *   for the folder: the user cannot grant the name of the temporary file.
 */
export async function writePrivateFile(
  files: Files,
  path: string,
  text: string,
  home: string,
): Promise<void> {
  if (isNullDevice(path)) return;
  await reportAs(path, async () => {
    const { target, linkOwner } = await findTarget(files, path, home);
    const write = () => replaceFile(files, target, new TextEncoder().encode(text), { owner: linkOwner });
    await inFolder(target, path, write);
  });
}

/** The beginning of a file, which tells what kind of file it is. */
const MAX_BEGINNING = 65_536;

/**
 * Checks what `writePrivateFile()` refuses for the path alone, before there is something to write.
 *
 * @returns The beginning of the file that would be replaced; null if there is none, or no regular one.
 * @throws What `writePrivateFile()` throws for a file of this program or a link.
 */
export async function checkPrivateFile(files: Files, path: string, home: string): Promise<string | null> {
  if (isNullDevice(path)) return null;
  return await reportAs(path, async () => {
    const { target, linkOwner } = await findTarget(files, path, home);
    if (linkOwner !== null) {
      const rehearse = () => rehearseReplaceFile(files, target, new Uint8Array(), { owner: linkOwner });
      await inFolder(target, path, rehearse);
    }
    return await inFolder(target, path, async () => {
      if ((await files.lstat(target))?.kind !== "file") return null;
      return new TextDecoder().decode(await files.read(target, MAX_BEGINNING));
    });
  });
}

/** Reports whether `path` is the device that discards what is written, which no file can replace. */
function isNullDevice(path: string): boolean {
  return systemOs === "windows" ? /^(?:\\\\\.\\)?nul:?$/i.test(path) : resolve(path) === "/dev/null";
}

/** Reports whether `path` is in a folder of devices and streams, such as the `/dev/fd/63` of a shell's `>(command)`. */
function isAmongDevices(path: string): boolean {
  return systemOs !== "windows" && /^\/(?:dev|proc)\//.test(resolve(path));
}

async function reportAs<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof WrongOwnerError) throw foreignLinkError(path, error);
    if (!(error instanceof FileError)) throw error;
    // The hints for other reasons are about the folder of the program.
    const isAboutAnyFile = ["denied", "full", "not_private"].includes(error.reason);
    const hint = isAboutAnyFile ? error.hint : undefined;
    throw new FileError(error.reason, `write ${path}`, path, error.cause)
      .withHint(hint ?? `Check that ${path} can be a file, and that its folder exists and is writable.`);
  }
}

/** Returns the file to write for `path`. @throws {CliError} `usage` for a file of this program or a circle of links, `store`, `permission`. */
async function findTarget(files: Files, path: string, home: string): Promise<LinkTarget> {
  let found: LinkTarget;
  try {
    found = await inFolder(path, path, () => followLinks(files, path));
  } catch (error) {
    // Deno opens devices only with all permissions.
    const isDevice = error instanceof CliError && error.code === "permission" && isAmongDevices(path);
    throw isDevice ? specialFileError(path, error) : error;
  }
  await assertNotOwn(files, path, found.target, home);
  return found;
}

/** Runs `work` on the file `target`. An error for a missing permission names its folder. */
function inFolder<T>(target: string, path: string, work: () => Promise<T>): Promise<T> {
  const folder = dirname(resolve(target));
  const needs = [{ name: "read", path: folder }, { name: "write", path: folder }] as const;
  return permitted(needs, `Writing ${path}`, work);
}

/** As many as Linux follows. */
const MAX_LINKS = 40;

interface LinkTarget {
  /** The file that a path leads to. */
  readonly target: string;
  /** The owner of the links on the way; null without a link. */
  readonly linkOwner: number | null;
}

async function followLinks(files: Files, path: string): Promise<LinkTarget> {
  let target = resolve(path);
  let linkOwner: number | null = null;
  for (let links = 0; links <= MAX_LINKS; links++) {
    const facts = await files.lstat(target);
    if (facts?.kind !== "symlink") return { target, linkOwner };
    if (linkOwner !== null && facts.uid !== linkOwner) throw foreignLinkError(path);
    linkOwner = facts.uid;
    const next = await files.readLink(target);
    // The link of a descriptor names what it is: `pipe:[4026]`.
    if (isAmongDevices(target) && /^\w+:\[/.test(next)) throw specialFileError(path);
    target = resolve(dirname(target), next);
  }
  throw new CliError("usage", `Could not write ${path}: its symbolic links form a loop`, {
    hint: "Choose another path.",
  });
}

/** @throws {CliError} `usage` if `target` is a file that this program keeps in `home`. */
async function assertNotOwn(files: Files, path: string, target: string, home: string): Promise<void> {
  const ownFolder = await files.realPath(home) ?? resolve(home);
  const folder = await files.realPath(dirname(target)) ?? dirname(target);
  const isOwn = folder === ownFolder ? isOwnName(basename(target)) : folder === join(ownFolder, "locks");
  if (!isOwn) return;
  throw new CliError("usage", `Could not write ${path}: it is a file of entra-auth-cli itself`, {
    hint: "Choose another path.",
  });
}

function foreignLinkError(path: string, cause?: unknown): CliError {
  return new CliError("store", `Could not write ${path}: it is a link of another user`, {
    hint: "Choose another path, or the one that the link leads to.",
    cause,
  });
}
