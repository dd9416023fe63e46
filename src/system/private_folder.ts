import { CliError } from "../errors.ts";
import { shellWord } from "../shell_word.ts";
import { FileError } from "./file_error.ts";
import type { Bytes, FileFacts, Files, OpenFile } from "./files.ts";
import type { AcquireOptions, Lock, Locks } from "./lock.ts";
import { systemPath } from "./path.ts";
import { permitted } from "./permission.ts";
import { removeLeftovers, replaceFile } from "./replace_file.ts";

/**
 * How strict reading is about the permission bits of a file:
 * - `private`: for the user alone; wider bits are taken away, with a notice.
 * - `secret`: for the user alone; wider bits are an error, for who could read it may have its content.
 * - `readable`: others may look but not write; wider bits are taken away, with a notice.
 */
export type Strictness = "private" | "secret" | "readable";

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
  read(name: string, strictness: Strictness): Promise<Bytes | null>;
  /** The same, for reading parts of the file. The caller disposes of it. */
  open(name: string, strictness: Strictness): Promise<OpenFile | null>;
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
  async function isSafeToRead(name: string, strictness: Strictness): Promise<boolean> {
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

interface Guard {
  readonly files: Files;
  readonly notice: (message: string) => void;
}

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const FOREIGN_BITS: Readonly<Record<Strictness, number>> = { private: 0o077, secret: 0o077, readable: 0o022 };

async function ensureFolder(guard: Guard, path: string): Promise<FileFacts> {
  let facts = await guard.files.lstat(path);
  if (facts === null) {
    await guard.files.makeFolder(path);
    facts = await guard.files.lstat(path);
  }
  if (facts === null) throw notPrivate(path, "disappeared while it was used", "Try again.");
  await checkOwnFolder(guard, path, facts);
  return facts;
}

async function checkOwnFolder({ files, notice }: Guard, path: string, facts: FileFacts): Promise<void> {
  if (facts.kind !== "folder") {
    throw notPrivate(
      path,
      `is ${KIND_NAMES[facts.kind]}, not a folder`,
      `Move it away: mv ${shellWord(path)} ${shellWord(`${path}.old`)}`,
    );
  }
  if (facts.mode === null || (facts.mode & 0o077) === 0) return;
  await refuseSharedFolder(files, path, facts.mode);
  await repair(files, path, facts.mode, FOLDER_MODE);
  notice(`${path} was open to other users (mode ${octal(facts.mode)}); it is now for you alone (0700)`);
}

/** What this program puts into its folder and the folders in it, drafts and files moved aside included. */
const OWN_NAMES =
  /^\.?((profiles|throttle)\.(json|lock)|tokens\.(enc|lock)|key|locks|[0-9a-f]+(\.sign-in)?\.(lock|json))([.~]|$)/;

/** A folder that holds other things too, such as `/` or a home, is not this program's to close to everybody else. */
async function refuseSharedFolder(files: Files, path: string, mode: number): Promise<void> {
  const foreign = (await files.list(path)).find((name) => !OWN_NAMES.test(name));
  if (foreign === undefined) return;
  throw notPrivate(
    path,
    `is open to other users (mode ${octal(mode)}) and holds other files, such as ${foreign}`,
    `Give the tokens a folder of their own: ENTRA_AUTH_CLI_HOME=${
      shellWord(systemPath.join(path, "entra-auth-cli"))
    }`,
  );
}

async function checkOwnFile(
  { files, notice }: Guard,
  path: string,
  facts: FileFacts,
  folderOwner: number | null,
  strictness: Strictness,
): Promise<void> {
  if (facts.kind !== "file") {
    throw notPrivate(
      path,
      `is ${KIND_NAMES[facts.kind]}, not a file`,
      `Move it away: mv ${shellWord(path)} ${shellWord(`${path}.old`)}`,
    );
  }
  if (facts.uid !== null && folderOwner !== null && facts.uid !== folderOwner) {
    throw notPrivate(path, "belongs to another user", "Check who put it there, and move it away.");
  }
  if (facts.mode === null || (facts.mode & FOREIGN_BITS[strictness]) === 0) return;
  if (strictness === "secret") {
    throw notPrivate(
      path,
      `can be used by other users (mode ${octal(facts.mode)}), so it is no secret any more`,
      `If nobody else had access: chmod 600 ${shellWord(path)}. Otherwise remove it, and sign in again.`,
    );
  }
  await repair(files, path, facts.mode, FILE_MODE);
  notice(`${path} was open to other users (mode ${octal(facts.mode)}); it is now for you alone (0600)`);
}

/** Takes the bits away, and looks whether they are gone: some file systems only pretend. */
async function repair(files: Files, path: string, oldMode: number, mode: number): Promise<void> {
  try {
    await files.chmod(path, mode);
  } catch (error) {
    if (!(error instanceof FileError) || error.reason !== "denied") throw error;
    throw notPrivate(
      path,
      `is open to other users (mode ${octal(oldMode)}), and the system doesn't let you change that`,
      "Set ENTRA_AUTH_CLI_HOME to a folder of your own on a local disk.",
    );
  }
  const facts = await files.lstat(path);
  if (facts === null || facts.mode === null || (facts.mode & 0o077) === 0) return;
  throw notPrivate(
    path,
    `is open to other users (mode ${octal(oldMode)}) and the file system doesn't let that change`,
    "Set ENTRA_AUTH_CLI_HOME to a folder on a local disk.",
  );
}

const KIND_NAMES: Readonly<Record<FileFacts["kind"], string>> = {
  file: "a file",
  folder: "a folder",
  symlink: "a symbolic link",
  other: "a special file",
};

function notPrivate(path: string, what: string, hint: string): CliError {
  return new CliError("store", `${path} ${what}`, { hint });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
