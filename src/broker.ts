/**
 * The main thread of an executable. It prints a cached token itself, without any permission left. Everything else runs
 * in a worker that gets the permissions of its command line and nothing more; this thread then has none. It loads only
 * this program's own code and @std: `scripts/check/check_imports.ts` verifies that, and the length of this file.
 */

import { errorStyle, fastPath, terminalStyle } from "./cli/arguments.ts";
import { runGetToken } from "./cli/commands/get_token.ts";
import type { CommandContext } from "./cli/context.ts";
import type { CommandGrants, GrantContext } from "./cli/permissions/command_grants.ts";
import { systemFiles } from "./system/files/deno_files.ts";
import { openHeldFiles } from "./system/files/held_files.ts";
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
    // Only the worker prompts.
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
  const files = openHeldFiles(held);
  if (permissions.net.length > 0) prepareTls();
  const options = {
    type: "module",
    name: JSON.stringify(files.paths),
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
