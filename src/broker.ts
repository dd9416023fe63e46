/**
 * The main thread of an executable. It prints a cached token itself, without any permission left. Everything else runs
 * in a worker that gets the permissions of its command line and nothing more; this thread then has none. It loads only
 * this program's own code and @std: `scripts/check/check_imports.ts` verifies that, and the length of this file.
 */

import { concat } from "@std/bytes/concat";
import { errorStyle, terminalStyle } from "./cli/arguments.ts";
import { runGetToken } from "./cli/commands/get_token.ts";
import type { CommandContext } from "./cli/context.ts";
import { fastPath } from "./cli/options/fast_path.ts";
import type { CommandGrants, GrantContext, SpecialFile } from "./cli/permissions/command_grants.ts";
import { systemFiles } from "./system/files/deno_files.ts";
import { prepareTls } from "./system/network/deno_network.ts";
import type { Signals } from "./system/processes/signals.ts";
import { type HeldContent, isSandboxed, type SandboxMessage } from "./system/sandbox.ts";
import type { System } from "./system/system.ts";
import type { Terminal } from "./system/terminal/terminal.ts";
import { createContext } from "./wiring/create_context.ts";

const KINDS = ["read", "write", "net", "env", "run", "ffi", "sys", "import"] as const;

/** Reports whether this is the main thread of an executable with all permissions, as a release has. */
export function isBroker(): boolean {
  return Deno.build.standalone && !isSandboxed &&
    KINDS.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** Runs the program with the arguments after its name. @returns The exit code. */
export async function runBroker(args: readonly string[], system: System, signals: Signals): Promise<number> {
  const code = await printCached(args, system);
  if (code !== null) return code;
  // From here on the worker handles the signals.
  signals[Symbol.dispose]();
  const interrupted = signals.exitCode();
  if (interrupted !== null) return interrupted;
  const { commandGrants } = await import("./cli/permissions/command_grants.ts");
  const context: GrantContext = Object.create(createContext(system, terminalStyle(args)), {
    files: { value: systemFiles },
  });
  return await runWorker(await commandGrants(args, context));
}

class NotCached extends Error {}

/**
 * Prints the cached token that a plain `get-token` asks for, and returns the exit code. Returns null if there is none, or
 * an error: the worker starts over, and reports it.
 */
async function printCached(args: readonly string[], system: System): Promise<number | null> {
  const flags = fastPath(args);
  // A token file is written after the token was found.
  if (flags === null || flags.file !== undefined) return null;
  const output: (() => void | Promise<void>)[] = [];
  const terminal: Terminal = {
    ...system.terminal,
    // The worker asks, if anything is to be asked.
    stdinIsTerminal: false,
    writeData: (text) => Promise.resolve(void output.push(() => system.terminal.writeData(text))),
    writeMessage: (line) => void output.push(() => system.terminal.writeMessage(line)),
  };
  const own: System = Object.create(system, { terminal: { value: terminal } });
  const context: CommandContext = Object.create(createContext(own, terminalStyle(args)), {
    openTokenDependencies: { value: () => Promise.reject(new NotCached()) },
  });
  try {
    await runGetToken(flags, context);
  } catch (error) {
    // These are notices about the store, which the worker does not find again.
    if (error instanceof NotCached) { for (const write of output) await write(); }
    return null;
  }
  dropPermissions();
  try {
    for (const write of output) await write();
    return 0;
  } catch (error) {
    const { reportError } = await import("./cli/report_error.ts");
    return reportError(error, system.terminal, errorStyle(args));
  }
}

const dropPermissions = () => KINDS.forEach((name) => Deno.permissions.revokeSync({ name }));

/** Runs this program in a worker with `permissions`, to its end. @returns The exit code. */
async function runWorker({ permissions, held }: CommandGrants): Promise<number> {
  // The exit code of a worker that ends without one.
  Deno.exitCode = 1;
  const files = openFiles(held);
  if (permissions.net.length > 0) prepareTls();
  const options = {
    type: "module",
    name: JSON.stringify([...files.keys()]),
    // A kind that is absent grants nothing, but without `deno` everything would be granted.
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
        written = written.then(() => writeAll(files.get(data.path), data.text)).catch(() => {});
        return;
      case "read":
        void readFile(files.get(data.path), data.maxBytes).then((bytes) =>
          worker.postMessage({ path: data.path, bytes } satisfies HeldContent)
        );
    }
  });
  return await ended.promise;
}

/** A file, or undefined if it cannot be opened: the worker says so if it needs the file. */
type HeldFile = Promise<Deno.FsFile | undefined>;

/** Opens `held`. A pipe opens when another program opens its other end, which is not waited for. */
function openFiles(held: readonly SpecialFile[]): Map<string, HeldFile> {
  return new Map(held.map(({ path, access }): [string, HeldFile] => {
    const options = access === "read" ? { read: true } : { write: true };
    return [path, Deno.open(path, options).catch(() => undefined)];
  }));
}

async function writeAll(held: HeldFile | undefined, text: string): Promise<void> {
  const file = await held;
  let data = new TextEncoder().encode(text);
  while (file !== undefined && data.length > 0) data = data.subarray(await file.write(data));
}

/** Reads a file from its beginning; a pipe, from where it is. */
async function readFile(held: HeldFile | undefined, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = await held;
  let bytes = new Uint8Array(65_536);
  let size = 0;
  try {
    await file?.seek(0, Deno.SeekMode.Start).catch(() => {});
    for (let count; size < maxBytes && (count = await file?.read(bytes.subarray(size))); size += count) {
      if (size + count === bytes.length) bytes = concat([bytes, new Uint8Array(bytes.length)]);
    }
  } catch {
    // Returns what was read before the error.
  }
  return bytes.subarray(0, Math.min(size, maxBytes));
}
