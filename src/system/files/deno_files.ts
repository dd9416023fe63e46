import { permitted, permittedSync } from "../permission.ts";
import { inspectedFolder, isHeld, readHeld } from "../sandbox.ts";
import { FileError, fileError } from "./file_error.ts";
import { type Bytes, factsOf, type Files, type OpenFile } from "./files.ts";

/** The bytes read when a file is opened. Most files of this program are shorter. */
const HEAD_BYTES = 32_768;

/** Imported late: a cached token only reads. */
const changes = () => import("./file_changes.ts");

/**
 * The file system of this machine.
 *
 * Reads are synchronous: an asynchronous read waits for a thread of Deno's pool, one of the few milliseconds that a
 * cached token takes.
 */
export const systemFiles: Files = {
  userId: currentUserId,
  async lstat(path) {
    const known = inspectedFolder(path);
    return known === undefined ? await inspect(path, () => factsOf(Deno.lstatSync(path))) : known;
  },
  readLink: (path) => attempt(["read"], "read", "Reading", path, () => Deno.readLink(path)),
  realPath: (path) => inspect(path, () => Deno.realPath(path)),
  open: (path) => attempt(["read"], "read", "Reading", path, () => open(path)),
  async read(path, maxBytes) {
    const held = isHeld(path) ? await readHeld(path, maxBytes) : null;
    if (held !== null) return held;
    const work = () => maxBytes === undefined ? Deno.readFileSync(path) : readHead(path, maxBytes);
    return await attempt(["read"], "read", "Reading", path, work);
  },
  create: (path, data) =>
    attempt(["write"], "write", "Writing", path, async () => (await changes()).create(path, data)),
  overwrite: (path, data) =>
    attempt(["read", "write"], "write", "Writing", path, async () => (await changes()).overwrite(path, data)),
  patch: (path, change) =>
    attempt(["read", "write"], "write", "Writing", path, async () => (await changes()).patch(path, change)),
  rename: (from, to) =>
    attempt(
      ["read", "write"],
      "replace",
      "Replacing",
      to,
      async () => (await changes()).renameWithRetry(from, to),
    ),
  syncFolder: (path) =>
    attempt(["read"], "sync", "Syncing", path, async () => (await changes()).syncFolder(path)),
  chmod: (path, mode) => attempt(["write"], "change", "Changing", path, () => Deno.chmod(path, mode)),
  remove: (path) => attempt(["write"], "remove", "Removing", path, () => Deno.remove(path)),
  makeFolder: (path) =>
    attempt(
      ["read", "write"],
      "create",
      "Creating",
      path,
      async () => (await changes()).makeFolder(path),
    ),
  list: (path) =>
    attempt(
      ["read"],
      "read",
      "Reading",
      path,
      async () => (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name),
    ),
};

let userId: number | null | undefined;

function currentUserId(): number | null {
  if (Deno.build.os === "windows") return null;
  return userId ??= permittedSync([{ name: "sys", kind: "uid" }], "Identifying the current user", Deno.uid);
}

/** Runs `work`, or returns null if `path` does not exist. */
async function inspect<T>(path: string, work: () => T | Promise<T>): Promise<T | null> {
  try {
    return await attempt(["read"], "inspect", "Inspecting", path, work);
  } catch (error) {
    if (error instanceof FileError && error.reason === "not_found") return null;
    throw error;
  }
}

/** Runs one operation on `path`. The errors say "Could not `verb` `path`" or "`gerund` `path` is not permitted". */
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
    const facts = factsOf(file.statSync());
    const { size } = facts;
    const head = readNext(file, new Uint8Array(Math.min(size, HEAD_BYTES)));
    return {
      facts,
      size,
      async read(at, length, into) {
        if (at + length <= head.length) return head.subarray(at, at + length);
        return await attempt(
          ["read"],
          "read",
          "Reading",
          path,
          () => readAt(file, at, into ?? new Uint8Array(length)),
        );
      },
      [Symbol.dispose]: () => file.close(),
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

function readAt(file: Deno.FsFile, at: number, bytes: Bytes): Bytes {
  file.seekSync(at, Deno.SeekMode.Start);
  return readNext(file, bytes);
}

function readNext(file: Deno.FsFile, bytes: Bytes): Bytes {
  let filled = 0;
  while (filled < bytes.length) {
    const count = file.readSync(bytes.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

/** Reads without asking for the size: a device or a pipe has none, and may never end. */
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
