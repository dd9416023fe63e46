import type { Bytes, Files, OpenFile } from "./files.ts";
import type { AcquireOptions, Lock, Locks } from "./lock.ts";
import {
  checkOwnFile,
  checkOwnFolder,
  ensureFolder,
  type Guard,
  type PermissionPolicy,
} from "./file_permissions.ts";
import { systemPath } from "../path.ts";
import { permitted } from "../permission.ts";

/**
 * A folder for the user alone, with files that are replaced in one step. Names are single path segments. Everything in
 * it throws a `CliError`: `store`, or `permission`.
 */
export interface PrivateFolder {
  /** Absolute path of the folder, which need not exist. */
  readonly path: string;
  /** Absolute path of what is called `name` in it. */
  pathOf(name: string): string;
  /**
   * Content of the file `name`, or null when there is none. Makes nothing. What is no regular file, or belongs to
   * somebody else than the folder does, is an error.
   */
  read(name: string, strictness: PermissionPolicy): Promise<Bytes | null>;
  /** The same, for reading parts of the file. The caller disposes of it. */
  open(name: string, strictness: PermissionPolicy): Promise<OpenFile | null>;
  /** Whether there is something called `name`. */
  has(name: string): Promise<boolean>;
  /** Writes the file `name` in one step, 0600. For who holds the lock that all writers of this file take. */
  replace(name: string, data: Uint8Array): Promise<void>;
  /** Gives the file `name` the name `newName`, and gives its new path; null when there is no such file. */
  rename(name: string, newName: string): Promise<string | null>;
  /** Removes the file `name`. None is fine. */
  remove(name: string): Promise<void>;
  /** The folder `name` in this one. It is made, as this one is, when something is to be put there. */
  subfolder(name: string): PrivateFolder;
  /** Locks the file `name`, which is made when it is missing. */
  lock(name: string, options: AcquireOptions): Promise<Lock>;
}

/** What {@linkcode openPrivateFolder} needs. */
export interface PrivateFolderOptions {
  /** Absolute path. */
  readonly path: string;
  /** The file system. */
  readonly files: Files;
  /** Locks between processes. */
  readonly locks: Locks;
  /** Told what was repaired, in one sentence. */
  readonly notice: (message: string) => void;
}

/** The private folder at `path`. Nothing is read or made before it is needed. */
export function openPrivateFolder(options: PrivateFolderOptions): PrivateFolder {
  return openFolder(options, options.path, () => Promise.resolve());
}

/**
 * `top` is the folder that all is in: the one that a missing permission is said of, for the names of drafts and locks
 * are nobody's to grant. `ensureParent` sees to it that the folder has a safe place to be in.
 */
function openFolder(
  options: PrivateFolderOptions,
  top: string,
  ensureParent: () => Promise<unknown>,
): PrivateFolder {
  const { path, files, locks, notice } = options;
  const guard: Guard = { files, notice };
  const ensureThis = async () => {
    await ensureParent();
    return await ensureFolder(guard, path);
  };
  const pathOf = (name: string) => systemPath.join(path, name);
  const reading = <T>(name: string, work: () => Promise<T>) =>
    permitted([{ name: "read", path: top }], `Reading ${pathOf(name)}`, work);
  const writing = <T>(verb: string, name: string, work: () => Promise<T>) =>
    permitted(
      [{ name: "read", path: top }, { name: "write", path: top }],
      `${verb} ${pathOf(name)}`,
      work,
    );

  /** Whether there is a file called `name`. One that is not for this user alone is an error. */
  async function isSafeToRead(name: string, strictness: PermissionPolicy): Promise<boolean> {
    const file = pathOf(name);
    const [folderFacts, facts] = await Promise.all([files.lstat(path), files.lstat(file)]);
    if (facts === null) return false;
    if (folderFacts !== null) await checkOwnFolder(guard, path, folderFacts);
    await checkOwnFile(guard, file, facts, folderFacts?.uid ?? null, strictness);
    return true;
  }

  return {
    path,
    pathOf,
    read: (name, strictness) =>
      reading(name, async () => await isSafeToRead(name, strictness) ? await files.read(pathOf(name)) : null),
    open: (name, strictness) =>
      reading(name, async () => await isSafeToRead(name, strictness) ? await files.open(pathOf(name)) : null),
    has: (name) => reading(name, async () => await files.lstat(pathOf(name)) !== null),
    replace: (name, data) =>
      writing("Writing", name, async () => {
        // A token from the cache writes nothing.
        const { removeLeftovers, replaceFile } = await import("./file_changes.ts");
        const { uid } = await ensureThis();
        await removeLeftovers(files, pathOf(name));
        await replaceFile(files, pathOf(name), data, { owner: uid });
      }),
    rename: (name, newName) =>
      writing("Renaming", name, async () => {
        if (await files.lstat(pathOf(name)) === null) return null;
        await files.rename(pathOf(name), pathOf(newName));
        await files.syncFolder(path);
        return pathOf(newName);
      }),
    remove: (name) =>
      writing("Removing", name, async () => {
        if (await files.lstat(pathOf(name)) !== null) await files.remove(pathOf(name));
      }),
    subfolder: (name) => openFolder({ ...options, path: pathOf(name) }, top, ensureThis),
    lock: (name, options) =>
      writing("Locking", name, async () => {
        const { uid } = await ensureThis();
        const file = pathOf(name);
        const facts = await files.lstat(file);
        if (facts !== null) await checkOwnFile(guard, file, facts, uid, "readable");
        return await locks.acquire(file, options);
      }),
  };
}
