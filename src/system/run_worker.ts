import { systemFiles } from "./files/deno_files.ts";
import { inspectParents } from "./files/file_permissions.ts";
import { openHeldFiles, type SpecialFile } from "./files/held_files.ts";
import { prepareTls } from "./network/prepare_tls.ts";
import {
  dropPermissions,
  type Handed,
  type HeldContent,
  type PermissionKind,
  type SandboxMessage,
} from "./sandbox.ts";

/** The permissions of the worker, and what it gets through this thread. */
export interface WorkerGrants {
  readonly permissions: Readonly<Record<Exclude<PermissionKind, "import">, string[]>>;
  /** Files that only all permissions open, such as a terminal, and pipes: the worker uses them through this thread. */
  readonly held: readonly SpecialFile[];
  /** The folder of the program, if the command uses it: the worker may not read its parents, which it checks. */
  readonly home: string | undefined;
}

/** Runs this program in a worker, to its end. This thread then has no permissions. @returns The exit code. */
export async function runWorker({ permissions, held, home }: WorkerGrants): Promise<number> {
  // The exit code of a worker that ends without one.
  Deno.exitCode = 1;
  const files = openHeldFiles(held);
  const folders = home === undefined ? {} : await inspectParents(systemFiles, home);
  if (permissions.net.length > 0) prepareTls();
  const options = {
    type: "module",
    name: JSON.stringify({ held: files.paths, folders } satisfies Handed),
    // Without `deno`, the worker would have all permissions.
    deno: { permissions: { ...permissions, import: false } },
  } as const;
  const worker = new Worker(Deno.mainModule, options);
  dropPermissions();
  const ended = Promise.withResolvers<number>();
  let written = Promise.resolve();
  worker.addEventListener("error", () => ended.resolve(1));
  worker.addEventListener("message", ({ data }: MessageEvent<SandboxMessage>) => {
    switch (data.kind) {
      case "exit":
        return void written.finally(() => ended.resolve(data.code));
      case "write":
        written = written.then(() => files.write(data.path, data.text)).catch(() => {});
        return;
      case "read":
        void files.read(data.path, data.maxBytes).then((bytes) =>
          worker.postMessage({ path: data.path, bytes } satisfies HeldContent)
        );
    }
  });
  return await ended.promise;
}
