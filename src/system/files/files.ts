/** Bytes in a buffer of their own, as WebCrypto requires. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The content of a new file, as a whole or in pieces. */
export type FileContent = Uint8Array | AsyncIterable<Uint8Array>;

/** The metadata of a path. Symbolic links are not followed. */
export interface FileFacts {
  readonly kind: "file" | "folder" | "symlink" | "other";
  /** The permission bits, such as `0o600`; null on Windows. */
  readonly mode: number | null;
  /** Whether only the owner of an entry of this folder can rename or remove it (the sticky bit). */
  readonly isSticky: boolean;
  /** The user ID of the owner; null on Windows. */
  readonly uid: number | null;
  /** The group ID; null on Windows. */
  readonly gid: number | null;
  /** Identifies the file whatever its name: device and inode; null on Windows. */
  readonly id: string | null;
  /** The length in bytes. */
  readonly size: number;
  /**
   * When the content or the metadata last changed, in milliseconds since 1970; no program can set it. Null if the file system
   * does not report it, or if the change is so recent that the next one could have the same time.
   */
  readonly changedMs: number | null;
}

/** The changes to a file. */
export interface FilePatch {
  /** The new bytes, each with its offset. */
  readonly parts: readonly { readonly at: number; readonly data: Uint8Array }[];
  /** The new length of the file. */
  readonly size: number;
}

/** A file open for reading. It remains the same file when another one takes its name. Disposing closes it. */
export interface OpenFile extends Disposable {
  /** The metadata of the file that was opened, wherever a symbolic link led. */
  readonly facts: FileFacts;
  /** The length in bytes. */
  readonly size: number;
  /**
   * Reads `length` bytes from the offset `at`, or fewer at the end of the file. One read at a time.
   *
   * @param into A buffer of that length for the bytes. Without one, each read makes its own.
   */
  read(at: number, length: number, into?: Bytes): Promise<Bytes>;
}

/**
 * The file operations of the program. Paths are absolute. Every operation throws a `FileError`, or a `permission` error
 * if Deno lacks one.
 */
export interface Files {
  /** Returns the user ID of this process; null on Windows. */
  userId(): number | null;
  /** Returns the metadata of `path`, or null if it does not exist. */
  lstat(path: string): Promise<FileFacts | null>;
  /** Returns the path that the symbolic link `path` contains, which may be relative. */
  readLink(path: string): Promise<string>;
  /** Returns `path` without symbolic links, or null if it does not exist. */
  realPath(path: string): Promise<string | null>;
  /** Opens the file `path` for reading. */
  open(path: string): Promise<OpenFile>;
  /** Reads the file `path`, at most its first `maxBytes` if given. */
  read(path: string, maxBytes?: number): Promise<Bytes>;
  /**
   * Creates the file `path` with mode 0600 regardless of the umask, writes `data` and syncs it to disk. Fails if `path`
   * exists, even as a dangling link. Returns the metadata of the new file.
   */
  create(path: string, data: FileContent): Promise<FileFacts>;
  /**
   * Replaces the content of the file `path`, which {@linkcode create} created, and syncs it to disk. As long as `data` is
   * not longer, the file system needs no more space. Returns the metadata, or null if there is no such file.
   */
  overwrite(path: string, data: Uint8Array): Promise<FileFacts | null>;
  /**
   * Changes parts of the file `path`, which {@linkcode create} created, cuts it to its new length, and syncs it to disk. Returns the
   * metadata, or null if there is no such file or it is shorter than the new length.
   */
  patch(path: string, patch: FilePatch): Promise<FileFacts | null>;
  /** Renames `from` to `to` on the same file system, atomically replacing an existing file. */
  rename(from: string, to: string): Promise<void>;
  /** Syncs the entries of the folder `path` to disk, if the system supports that. */
  syncFolder(path: string): Promise<void>;
  /** Sets the permission bits of `path`. */
  chmod(path: string, mode: number): Promise<void>;
  /** Removes the file `path`. */
  remove(path: string): Promise<void>;
  /** Creates the folder `path` and its missing parents with mode 0700 regardless of the umask, unless it exists. */
  makeFolder(path: string): Promise<void>;
  /** Lists the names in the folder `path`, in no particular order. */
  list(path: string): Promise<string[]>;
}

const MODE_BITS = 0o777;
const STICKY_BIT = 0o1000;
const HAS_MODES = Deno.build.os !== "windows";

/** The coarsest resolution of a file system's times, that of FAT. */
const TIME_RESOLUTION_MS = 2_000;

export function factsOf(info: Deno.FileInfo): FileFacts {
  const changedMs = info.ctime?.getTime() ?? null;
  return {
    kind: info.isFile ? "file" : info.isDirectory ? "folder" : info.isSymlink ? "symlink" : "other",
    mode: HAS_MODES && info.mode !== null ? info.mode & MODE_BITS : null,
    isSticky: HAS_MODES && info.mode !== null && (info.mode & STICKY_BIT) !== 0,
    uid: HAS_MODES ? info.uid : null,
    gid: HAS_MODES ? info.gid : null,
    id: HAS_MODES ? `${info.dev}:${info.ino}` : null,
    size: info.size,
    changedMs: changedMs !== null && changedMs < Date.now() - TIME_RESOLUTION_MS ? changedMs : null,
  };
}

/** Returns whether both are the metadata of one file, which neither a link nor a rename changes. */
export function isSameFile(one: FileFacts, other: FileFacts): boolean {
  return one.id === other.id && one.uid === other.uid;
}

/** Reports whether both are the metadata of one file with the same content. Always false on Windows, which identifies no file. */
export function isUnchanged(one: FileFacts, other: FileFacts): boolean {
  return one.id !== null && one.changedMs !== null && isSameFile(one, other) && one.size === other.size &&
    one.changedMs === other.changedMs;
}
