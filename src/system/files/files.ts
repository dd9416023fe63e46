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
const HAS_MODES = Deno.build.os !== "windows";

/** What is told of a file out of all that Deno knows about it. */
export function factsOf(info: Deno.FileInfo): FileFacts {
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : info.isSymlink ? "symlink" : "other",
    mode: HAS_MODES && info.mode !== null ? info.mode & MODE_BITS : null,
    uid: HAS_MODES ? info.uid : null,
  };
}
