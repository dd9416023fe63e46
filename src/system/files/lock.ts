import { FileError, fileError, LockedError } from "./file_error.ts";
import { factsOf, isSameFile } from "./files.ts";
import { permitted } from "../permission.ts";
import { delay, startTimer } from "../timer.ts";

/** A held lock. Disposing releases it, and so does the system when the process dies. */
export type Lock = Disposable;

export interface AcquireOptions {
  /** The longest wait, in milliseconds. Unlimited by default. */
  readonly timeoutMs?: number | undefined;
  /** Cancels the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** The user ID that must own the file; any by default. */
  readonly owner?: number | null | undefined;
}

/** Advisory locks between processes, and between holders in one process. */
export interface Locks {
  /**
   * Locks the file `path`, which is created if missing and never removed.
   *
   * @throws {CliError} `store` if another process holds it for too long or the file system has no locks; `permission`.
   */
  acquire(path: string, options?: AcquireOptions): Promise<Lock>;
}

/** The locks of the operating system (`flock`, `LockFileEx`). */
export const systemLocks: Locks = {
  async acquire(path, options = {}) {
    const needs = [{ name: "read", path }, { name: "write", path }] as const;
    try {
      return await permitted(needs, `Locking ${path}`, () => acquire(path, options));
    } catch (error) {
      if (options.signal?.aborted && error === options.signal.reason) throw error;
      throw fileError(error, `lock ${path}`, path);
    }
  },
};

const FILE_MODE = 0o600;
/** Pauses grow with the wait, so that hundreds of waiting processes do not slow down the holder. */
const PAUSE_GROWTH = 1.25;
const MAX_PAUSE_MS = 250;

async function acquire(path: string, { timeoutMs, signal, owner }: AcquireOptions): Promise<Lock> {
  signal?.throwIfAborted();
  const file = await openLockFile(path, owner ?? null);
  const deadline = new AbortController();
  using _timer = timeoutMs === undefined ? null : startTimer(timeoutMs, () => deadline.abort());
  try {
    await waitForLock(file, AbortSignal.any(signal ? [signal, deadline.signal] : [deadline.signal]));
  } catch (error) {
    if (deadline.signal.aborted && !signal?.aborted) throw new LockedError(path, await readHolder(path));
    throw error;
  }
  noteHolder(file);
  return {
    [Symbol.dispose]() {
      forgetHolder(file);
      file.close();
    },
  };
}

/** More often than a missing file is created by another process at the same time. */
const MAX_OPENS = 10;

/** Opens the file without following a link: the holder truncates it. */
async function openLockFile(path: string, owner: number | null): Promise<Deno.FsFile> {
  for (let attempts = 0; attempts < MAX_OPENS; attempts++) {
    const file = await openPresent(path) ?? await createNew(path);
    if (file === null) continue;
    try {
      const facts = factsOf(await file.stat());
      const present = factsOf(await Deno.lstat(path));
      if (owner !== null && facts.uid !== owner) throw new FileError("foreign", `lock ${path}`, path);
      if (!isSameFile(facts, present)) throw new FileError("replaced", `lock ${path}`, path);
      if (facts.mode !== null && (facts.mode & 0o677) !== FILE_MODE) await Deno.chmod(path, FILE_MODE);
      return file;
    } catch (error) {
      file.close();
      throw error;
    }
  }
  throw new FileError("replaced", `lock ${path}`, path);
}

/** Returns null if the file does not exist. */
async function openPresent(path: string): Promise<Deno.FsFile | null> {
  try {
    if (!(await Deno.lstat(path)).isFile) throw new FileError("not_a_file", `lock ${path}`, path);
    return await Deno.open(path, { read: true, write: true });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Returns null if the file exists. */
async function createNew(path: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(path, { read: true, write: true, createNew: true, mode: FILE_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return null;
    throw error;
  }
}

/**
 * Waits for the lock, and closes `file` if that fails. Polls `tryLock()` because `lock()` blocks a thread that
 * nothing can wake, and there are few threads.
 */
async function waitForLock(file: Deno.FsFile, signal: AbortSignal): Promise<void> {
  try {
    let pauseMs = 1;
    while (!await file.tryLock(true)) {
      // Different pauses keep the waiters from returning all at once.
      await delay(pauseMs * (0.5 + Math.random() / 2), signal);
      pauseMs = Math.min(pauseMs * PAUSE_GROWTH, MAX_PAUSE_MS);
    }
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Writes the process ID into the file, for the error of a process that waits too long. */
function noteHolder(file: Deno.FsFile): void {
  try {
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch {
    // A full disk must not prevent locking.
  }
}

function forgetHolder(file: Deno.FsFile): void {
  try {
    file.truncateSync(0);
  } catch {
    // The next holder overwrites it.
  }
}

/** More than any process ID with its line break needs. */
const MAX_PID_BYTES = 32;

async function readHolder(path: string): Promise<string | undefined> {
  try {
    using file = await Deno.open(path);
    const bytes = new Uint8Array(MAX_PID_BYTES);
    const count = await file.read(bytes) ?? 0;
    return /^\d+$/m.exec(new TextDecoder().decode(bytes.subarray(0, count)))?.[0];
  } catch {
    return undefined;
  }
}
