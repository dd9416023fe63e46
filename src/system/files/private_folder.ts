import { systemPath } from "../path.ts";
import { permitted } from "../permission.ts";
import {
  assertOwnFolder,
  assertSafeParent,
  checkOwnFile,
  checkOwnFolder,
  ensureFolder,
  type PermissionContext,
  type PermissionPolicy,
} from "./file_permissions.ts";
import { FileError } from "./file_error.ts";
import {
  type Bytes,
  type FileContent,
  type FileFacts,
  type FilePatch,
  type Files,
  isSameFile,
  isUnchanged,
  type OpenFile,
} from "./files.ts";
import type { AcquireOptions, Lock, Locks } from "./lock.ts";

/**
 * A folder that only the user has access to, with files that are replaced atomically. Names are single path segments.
 * Every method throws a `CliError`: `store` or `permission`.
 */
export interface PrivateFolder {
  /** The absolute path of the folder, which may not exist yet. */
  readonly path: string;
  /** Returns the absolute path of `name` in the folder. */
  pathOf(name: string): string;
  /**
   * Reads the file `name`, or returns null if it does not exist. Creates nothing. Fails if it is not a regular file, its
   * owner is not the owner of the folder, or it is larger than {@linkcode MAX_FILE_BYTES}.
   */
  read(name: string, policy: PermissionPolicy): Promise<Bytes | null>;
  /**
   * Reads the file `name` as {@linkcode read} does, unless it has not changed since its metadata were `known`. Its `bytes` are
   * null then.
   */
  readChanged(name: string, policy: PermissionPolicy, known: FileFacts | null): Promise<ReadFile | null>;
  /** Opens the file `name` to read parts of it, with the same checks as {@linkcode read}. */
  open(name: string, policy: PermissionPolicy): Promise<OpenFile | null>;
  /** Returns whether `name` exists. */
  has(name: string): Promise<boolean>;
  /** Writes the file `name` atomically with mode 0600. The caller must hold the lock of all its writers. */
  replace(name: string, data: Uint8Array, reservation?: Reservation): Promise<void>;
  /**
   * Replaces the file `name` by the content of the reservation once that is patched, as {@linkcode replace} does. Returns
   * false, and changes nothing, if the reserved file is gone. The caller must hold the lock of all writers of `name`.
   */
  patch(name: string, patch: FilePatch, reservation: Reservation): Promise<boolean>;
  /**
   * Fails if {@linkcode replace} would fail for a file of the length of `content`, which may come in pieces, and otherwise
   * takes the space for it on the disk, filled with `content`. The caller must hold the lock of all writers of `name`.
   */
  reserve(name: string, content: FileContent): Promise<Reservation>;
  /** Renames the file `name` to `newName` and returns its new path, or null if it does not exist. */
  rename(name: string, newName: string): Promise<string | null>;
  /** Removes the file `name` if it exists. */
  remove(name: string): Promise<void>;
  /** Returns the folder `name` in this one. Writing to it creates both. */
  subfolder(name: string): PrivateFolder;
  /** Locks the file `name`, which is created if missing. */
  lock(name: string, options: AcquireOptions): Promise<Lock>;
}

/** A file that was read. */
export interface ReadFile {
  readonly facts: FileFacts;
  readonly bytes: Bytes | null;
}

/** Space on the disk for a file. Disposing gives it back, unless it was used. */
export interface Reservation extends AsyncDisposable {
  /** The path of the temporary file that takes the space. */
  readonly path: string;
}

export interface PrivateFolderOptions {
  /** An absolute path. */
  readonly path: string;
  readonly files: Files;
  readonly locks: Locks;
  /** Reports a repaired mode in one sentence. */
  readonly notice: (message: string) => void;
}

/** Imported late: a cached token only reads. */
const changes = () => import("./file_changes.ts");

/** A larger file is not read: it would take the memory of the machine. More than thousands of profiles need. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Opens the private folder at `path`. Nothing is read or created before it is needed. */
export function openPrivateFolder(options: PrivateFolderOptions): PrivateFolder {
  const { files, path } = options;
  const checkParent = () => assertSafeParent(files, path);
  return openFolder(options, path, { check: checkParent, ensure: checkParent });
}

/** More often than files are replaced while one of them is opened. */
const MAX_OPENS = 10;

/** The checks of the folder that contains this one. */
interface ParentFolder {
  /** Checks the parent. */
  check(): Promise<unknown>;
  /** Creates the parent if it is missing, and checks it. */
  ensure(): Promise<unknown>;
}

/**
 * @param top The outermost folder, which a `permission` error names: the user cannot grant the names of temporary files
 *   and locks.
 */
function openFolder(
  options: PrivateFolderOptions,
  top: string,
  parent: ParentFolder,
): PrivateFolder {
  const { path, files, locks, notice } = options;
  const context: PermissionContext = { files, notice };
  const reserved = new Set<string>();
  const ensureThis = async () => {
    await parent.ensure();
    return await ensureFolder(context, path);
  };
  /** Returns the metadata of this folder, or null if it does not exist. Fails if it belongs to another user. */
  const checkThis = async () => {
    const facts = await files.lstat(path);
    if (facts === null) return null;
    assertOwnFolder(files, path, facts);
    await parent.check();
    return facts;
  };
  let own: FileFacts | null = null;
  let isClosed = false;
  /** Checks this folder before the first file is read: no other user can replace it once that holds. */
  const checkOnce = async () => own ??= await checkThis();
  // Joined once: a join costs more than the rest of a read.
  const prefix = systemPath.join(path, "/");
  const pathOf = (name: string) => prefix + name;
  const reading = <T>(name: string, work: () => Promise<T>) =>
    permitted([{ name: "read", path: top }], `Reading ${pathOf(name)}`, work);
  const writing = <T>(gerund: string, name: string, work: () => Promise<T>) =>
    permitted(
      [{ name: "read", path: top }, { name: "write", path: top }],
      `${gerund} ${pathOf(name)}`,
      work,
    );

  /** Returns the metadata of the file `name`, or null if it does not exist. Fails if other users have access to it. */
  async function findSafe(name: string, policy: PermissionPolicy): Promise<FileFacts | null> {
    const file = pathOf(name);
    const folder = await checkOnce();
    const facts = folder === null ? null : await files.lstat(file);
    if (folder === null || facts === null) return null;
    if (!isClosed) await checkOwnFolder(context, path, folder);
    isClosed = true;
    await checkOwnFile(context, file, facts, folder.uid, policy);
    return facts;
  }

  /** Opens the file that was checked, and no other that has taken its name since. */
  async function openSafe(name: string, policy: PermissionPolicy): Promise<OpenFile | null> {
    const file = pathOf(name);
    for (let attempts = 0; attempts < MAX_OPENS; attempts++) {
      const facts = await findSafe(name, policy);
      if (facts === null) return null;
      const opened = await files.open(file);
      if (isSameFile(opened.facts, facts)) return opened;
      opened[Symbol.dispose]();
    }
    throw new FileError("replaced", `read ${file}`, file);
  }

  async function readChanged(
    name: string,
    policy: PermissionPolicy,
    known: FileFacts | null,
  ): Promise<ReadFile | null> {
    using source = await openSafe(name, policy);
    if (source === null) return null;
    const { facts, size } = source;
    if (known !== null && isUnchanged(facts, known)) return { facts, bytes: null };
    const file = pathOf(name);
    if (size > MAX_FILE_BYTES) throw new FileError("too_large", `read ${file}`, file);
    return { facts, bytes: await source.read(0, size) };
  }

  return {
    path,
    pathOf,
    read: (name, policy) => reading(name, async () => (await readChanged(name, policy, null))?.bytes ?? null),
    readChanged: (name, policy, known) => reading(name, () => readChanged(name, policy, known)),
    open: (name, policy) => reading(name, () => openSafe(name, policy)),
    has: (name) =>
      reading(name, async () => await checkThis() !== null && await files.lstat(pathOf(name)) !== null),
    replace: (name, data, reservation) =>
      writing("Writing", name, async () => {
        const { removeLeftovers, replaceFile } = await changes();
        const { uid } = await ensureThis();
        await removeLeftovers(files, pathOf(name), reserved);
        await replaceFile(files, pathOf(name), data, { owner: uid, reserved: reservation?.path });
      }),
    patch: (name, patch, reservation) =>
      writing("Writing", name, async () => {
        const { removeLeftovers, replaceByPatch } = await changes();
        const { uid } = await ensureThis();
        await removeLeftovers(files, pathOf(name), reserved);
        return await replaceByPatch(files, pathOf(name), reservation.path, patch, { owner: uid });
      }),
    reserve: (name, content) =>
      writing("Writing", name, async () => {
        const { removeLeftovers, reserveSpace, tryRemove } = await changes();
        const { uid } = await ensureThis();
        await removeLeftovers(files, pathOf(name), reserved);
        const temporary = await reserveSpace(files, pathOf(name), content, { owner: uid });
        reserved.add(temporary);
        return {
          path: temporary,
          async [Symbol.asyncDispose]() {
            reserved.delete(temporary);
            await tryRemove(files, temporary);
          },
        };
      }),
    rename: (name, newName) =>
      writing("Renaming", name, async () => {
        await checkThis();
        if (await files.lstat(pathOf(name)) === null) return null;
        await files.rename(pathOf(name), pathOf(newName));
        await files.syncFolder(path);
        return pathOf(newName);
      }),
    remove: (name) =>
      writing("Removing", name, async () => {
        await checkThis();
        if (await files.lstat(pathOf(name)) !== null) await files.remove(pathOf(name));
      }),
    subfolder: (name) =>
      openFolder({ ...options, path: pathOf(name) }, top, { check: checkThis, ensure: ensureThis }),
    lock: (name, options) =>
      writing("Locking", name, async () => {
        const { uid } = await ensureThis();
        const file = pathOf(name);
        const facts = await files.lstat(file);
        if (facts !== null) await checkOwnFile(context, file, facts, uid, "readable");
        return await locks.acquire(file, { ...options, owner: uid });
      }),
  };
}
