import { concat } from "@std/bytes/concat";
import { delay } from "../timer.ts";

/** A file that the main thread of an executable keeps open for its worker. */
export interface SpecialFile {
  readonly path: string;
  /** `pipe` is a named pipe to read. */
  readonly access: "read" | "write" | "pipe";
}

/** Open files by path. */
export interface HeldFiles {
  /** The files that could be opened. */
  readonly paths: readonly string[];
  write(path: string, text: string): Promise<void>;
  /** Reads at most `maxBytes` from the beginning; of a pipe, from where it is. */
  read(path: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer>>;
}

interface OpenFile {
  readonly file: Deno.FsFile;
  /** Whether an end of file may mean that no program has opened the pipe for writing yet. */
  readonly awaitsWriter: boolean;
}

/** Opens these files. One that cannot be opened is left out: the worker says so if it needs it. */
export function openHeldFiles(held: readonly SpecialFile[]): HeldFiles {
  const files = new Map<string, OpenFile>();
  for (const { path, access } of held) {
    try {
      files.set(path, access === "pipe" ? openPipe(path) : openFile(path, access));
    } catch {
      // The worker says so if it needs the file.
    }
  }
  return {
    paths: [...files.keys()],
    async write(path, text) {
      const file = files.get(path)?.file;
      let data = new TextEncoder().encode(text);
      while (file !== undefined && data.length > 0) data = data.subarray(await file.write(data));
    },
    async read(path, maxBytes) {
      const open = files.get(path);
      return open === undefined ? new Uint8Array() : await readFrom(open, maxBytes);
    },
  };
}

function openFile(path: string, access: "read" | "write"): OpenFile {
  const file = Deno.openSync(path, access === "read" ? { read: true } : { write: true });
  return { file, awaitsWriter: false };
}

/** Opens a named pipe at once, where Deno would wait in this thread for another program to open the other end. */
function openPipe(path: string): OpenFile {
  using _ = Deno.openSync(path, { read: true, write: true });
  return { file: Deno.openSync(path, { read: true }), awaitsWriter: true };
}

/** How long to wait before another read from a pipe without a writer. */
const WRITER_POLL_MS = 20;

async function readFrom(
  { file, awaitsWriter }: OpenFile,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = new Uint8Array(65_536);
  let size = 0;
  try {
    await file.seek(0, Deno.SeekMode.Start).catch(() => {});
    while (size < maxBytes) {
      const count = await file.read(bytes.subarray(size));
      if (count === null && awaitsWriter && size === 0) await delay(WRITER_POLL_MS);
      else if (count === null) break;
      else size += count;
      if (size === bytes.length) bytes = concat([bytes, new Uint8Array(bytes.length)]);
    }
  } catch {
    // Returns what was read before the error.
  }
  return bytes.subarray(0, Math.min(size, maxBytes));
}
