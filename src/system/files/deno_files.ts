import { permitted } from "../permission.ts";
import { FileError, fileError } from "./file_error.ts";
import { type Bytes, factsOf, type Files, type OpenFile } from "./files.ts";

/** What is read of a file as soon as it is opened, in bytes: most are no longer. */
const HEAD_LENGTH = 32_768;

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
