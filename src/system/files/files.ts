import { FileError, fileError } from "./file_error.ts";
import { permitted } from "../permission.ts";

/** Bytes in memory of their own, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** What the file system says about a path, without following a symbolic link. */
export interface FileFacts {
  /** What it is. */
  readonly kind: "file" | "folder" | "symlink" | "other";
  /** Permission bits, such as `0o600`; null where there are none (Windows). */
  readonly mode: number | null;
  /** User id of the owner; null where there is none (Windows). */
  readonly uid: number | null;
}

/** A file that is open for reading: the same one even when another takes its name. Dispose of it to close it. */
export interface OpenFile extends Disposable {
  /** Length in bytes. */
  readonly size: number;
  /** `length` bytes from the offset `at`; fewer where the file ends. One read at a time. */
  read(at: number, length: number): Promise<Bytes>;
}

/**
 * The file operations that the program needs. All of them throw a `FileError`, or a `permission` error when Deno
 * lacks one. Paths are absolute.
 */
export interface Files {
  /** Facts about `path`, or null when nothing is there. */
  lstat(path: string): Promise<FileFacts | null>;
  /** Opens the file `path` for reading. */
  open(path: string): Promise<OpenFile>;
  /** Whole content of the file `path`; no more than its first `mostBytes`, where they are named. */
  read(path: string, mostBytes?: number): Promise<Bytes>;
  /**
   * Makes the file `path`, which must not exist (nor be a link), with mode 0600 whatever the umask, writes `data` and
   * waits until it is on the disk. Gives the facts about the new file.
   */
  create(path: string, data: Uint8Array): Promise<FileFacts>;
  /** Moves `from` to `to` on the same file system, replacing what is there in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Waits until the entries of the folder `path` are on the disk, where the system can do that. */
  syncFolder(path: string): Promise<void>;
  /** Sets the permission bits of `path`. */
  chmod(path: string, mode: number): Promise<void>;
  /** Removes the file `path`. */
  remove(path: string): Promise<void>;
  /** Makes the folder `path` and its missing parents with mode 0700 whatever the umask. A folder there is fine. */
  makeFolder(path: string): Promise<void>;
  /** Names of what is in the folder `path`, in no order. */
  list(path: string): Promise<string[]>;
}

const MODE_BITS = 0o777;
/** What is read of a file as soon as it is opened, in bytes: most are no longer. */
const HEAD_LENGTH = 32_768;
const HAS_MODES = Deno.build.os !== "windows";

/**
 * The machine's file system.
 *
 * What is on a disk is read without a thread that waits for it: of the few milliseconds that a cached token takes, that
 * would be one. Most of what it takes to write is loaded when it is used.
 */
export const systemFiles: Files = {
  async lstat(path) {
    try {
      return await attempt(["read"], "look at", "Looking at", path, () => factsOf(Deno.lstatSync(path)));
    } catch (error) {
      if (error instanceof FileError && error.reason === "not_found") return null;
      throw error;
    }
  },
  open: (path) => attempt(["read"], "read", "Reading", path, () => open(path)),
  read: (path, mostBytes) =>
    attempt(
      ["read"],
      "read",
      "Reading",
      path,
      () => mostBytes === undefined ? Deno.readFileSync(path) : readHead(path, mostBytes),
    ),
  create: (path, data) =>
    attempt(["write"], "write", "Writing", path, async () => await (await changes()).create(path, data)),
  rename: (from, to) =>
    attempt(
      ["read", "write"],
      "replace",
      "Replacing",
      to,
      async () => await (await changes()).renameWithRetry(from, to),
    ),
  syncFolder: (path) =>
    attempt(["read"], "sync", "Syncing", path, async () => await (await changes()).syncFolder(path)),
  chmod: (path, mode) => attempt(["write"], "change", "Changing", path, () => Deno.chmod(path, mode)),
  remove: (path) => attempt(["write"], "remove", "Removing", path, () => Deno.remove(path)),
  makeFolder: (path) =>
    attempt(["read", "write"], "make", "Making", path, async () => await (await changes()).makeFolder(path)),
  list: (path) => attempt(["read"], "read", "Reading", path, () => list(path)),
};

const changes = () => import("./file_changes.ts");

/** Runs one operation on `path`; `verb` and `gerund` are for its error messages. */
async function attempt<T>(
  access: readonly ("read" | "write")[],
  verb: string,
  gerund: string,
  path: string,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await permitted(access.map((name) => ({ name, path })), `${gerund} ${path}`, work);
  } catch (error) {
    throw fileError(error, `${verb} ${path}`, path);
  }
}

/** What is told of a file out of all that Deno knows about it. */
export function factsOf(info: Deno.FileInfo): FileFacts {
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : info.isSymlink ? "symlink" : "other",
    mode: HAS_MODES && info.mode !== null ? info.mode & MODE_BITS : null,
    uid: HAS_MODES ? info.uid : null,
  };
}

function open(path: string): OpenFile {
  const file = Deno.openSync(path);
  try {
    const { size } = file.statSync();
    const head = readNext(file, Math.min(size, HEAD_LENGTH));
    return {
      size,
      async read(at, length) {
        if (at + length <= head.length) return head.subarray(at, at + length);
        return await attempt(["read"], "read", "Reading", path, () => readAt(file, at, length));
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readAt(file: Deno.FsFile, at: number, length: number): Bytes {
  file.seekSync(at, Deno.SeekMode.Start);
  return readNext(file, length);
}

function readNext(file: Deno.FsFile, length: number): Bytes {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** Not by its size: a device or a pipe has none, and may never end. */
async function readHead(path: string, length: number): Promise<Bytes> {
  using file = await Deno.open(path);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const count = await file.read(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

async function list(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return names;
}
