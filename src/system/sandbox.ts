import type { FileFacts } from "./files/files.ts";

/**
 * The sandbox of an executable, seen from inside: the program runs in a worker that has only the permissions of its
 * command. The main thread (`src/broker.ts`, `run_worker.ts`) starts it, keeps a few files open for it, and ends
 * the process.
 */

/** A message of the worker to the main thread. */
export type SandboxMessage =
  | { readonly kind: "exit"; readonly code: number }
  | { readonly kind: "write"; readonly path: string; readonly text: string }
  | { readonly kind: "read"; readonly path: string; readonly maxBytes: number };

/** The content of a file that the worker asked for. */
export interface HeldContent {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface WorkerScope {
  /** {@linkcode Handed} as JSON. */
  readonly name: string;
  postMessage(message: SandboxMessage): void;
  addEventListener(type: "message", listener: (event: { readonly data: HeldContent }) => void): void;
  removeEventListener(type: "message", listener: (event: { readonly data: HeldContent }) => void): void;
}

const worker = Deno.build.standalone && "postMessage" in globalThis
  ? globalThis as unknown as WorkerScope
  : null;

/** Whether this is the worker of an executable. */
export const isSandboxed: boolean = worker !== null;

/** The kinds of permissions. */
export const PERMISSION_KINDS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

export type PermissionKind = typeof PERMISSION_KINDS[number];

/** Gives up every permission of this thread. */
export function dropPermissions(): void {
  for (const name of PERMISSION_KINDS) Deno.permissions.revokeSync({ name });
}

/** What the main thread hands to the worker when it starts it. */
export interface Handed {
  /** The paths of the files that the main thread keeps open. */
  readonly held: readonly string[];
  /** The metadata of folders that the worker may not read itself. */
  readonly folders: Readonly<Record<string, FileFacts | null>>;
}

let handed: Handed | undefined;

function handedBy({ name }: WorkerScope): Handed {
  return handed ??= JSON.parse(name) as Handed;
}

/** Returns the metadata that the main thread found for the folder `path`, null if it did not exist; undefined if it did not look. */
export function inspectedFolder(path: string): FileFacts | null | undefined {
  if (worker === null) return undefined;
  const { folders } = handedBy(worker);
  return Object.hasOwn(folders, path) ? folders[path] : undefined;
}

/**
 * Returns whether the main thread keeps the file `path` open for this worker. Deno opens such a file (`/dev/tty`,
 * `/proc/net/tcp`) only with all permissions.
 */
export function isHeld(path: string): boolean {
  return worker !== null && handedBy(worker).held.includes(path);
}

/** Writes to a file that the main thread keeps open, in the order of the calls. Ignores errors. */
export function writeHeld(path: string, text: string): void {
  worker?.postMessage({ kind: "write", path, text });
}

/**
 * Reads at most `maxBytes` of a file that the main thread keeps open, from its beginning. Returns null if
 * {@linkcode isHeld} is false.
 */
export async function readHeld(path: string, maxBytes = 1_048_576): Promise<Uint8Array<ArrayBuffer> | null> {
  if (worker === null || !isHeld(path)) return null;
  const { promise, resolve } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const receive = ({ data }: { readonly data: HeldContent }) => {
    if (data.path === path) resolve(data.bytes);
  };
  worker.addEventListener("message", receive);
  try {
    worker.postMessage({ kind: "read", path, maxBytes });
    return await promise;
  } finally {
    worker.removeEventListener("message", receive);
  }
}

/**
 * Lets `Deno.exit` end the process in a worker too, where it would end only the worker, and the process with 0: the main
 * thread exits, and this thread waits for that.
 */
export function exitThroughMainThread(): void {
  if (worker === null) return;
  const exit = (code = 0): never => {
    worker.postMessage({ kind: "exit", code });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    throw new Error("The process has not ended");
  };
  Object.defineProperty(Deno, "exit", { value: exit });
}
