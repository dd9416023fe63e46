/**
 * The main thread of an executable. It prints a cached token itself, without any permission left. Everything else runs
 * in a worker that gets the permissions of its command line and nothing more; this thread then has none. It loads only
 * this program's own code and @std: `scripts/check/check_imports.ts` verifies that, and the length of this file.
 */

import { errorStyle, fastPath, terminalStyle } from "./cli/arguments.ts";
import { runGetToken } from "./cli/commands/get_token.ts";
import type { CommandContext } from "./cli/context.ts";
import type { GrantContext } from "./cli/permissions/command_grants.ts";
import { createTerminalUi } from "./cli/terminal/terminal_ui.ts";
import { systemClock } from "./system/clock.ts";
import { systemEnvironment } from "./system/environment.ts";
import { systemFiles } from "./system/files/deno_files.ts";
import { systemOs } from "./system/os.ts";
import type { Processes } from "./system/processes/processes.ts";
import type { Signals } from "./system/processes/signals.ts";
import { dropPermissions, isSandboxed, PERMISSION_KINDS } from "./system/sandbox.ts";
import { systemTerminal, type Terminal } from "./system/terminal/terminal.ts";
import { plainText } from "./text/plain_text.ts";
import { openStored, type StorageSystem } from "./wiring/open_stored.ts";

/** Reports whether this is the main thread of an executable with all permissions, as a release has. */
export function isBroker(): boolean {
  return Deno.build.standalone && !isSandboxed &&
    PERMISSION_KINDS.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}

/** Runs the program with the arguments after its name. @returns The exit code. */
export async function runBroker(args: readonly string[], signals: Signals): Promise<number> {
  const code = await printCached(args, signals);
  if (code !== null) return code;
  // From here on the worker handles the signals.
  signals[Symbol.dispose]();
  const interrupted = signals.exitCode();
  if (interrupted !== null) return interrupted;
  const [{ commandGrants }, { runWorker }] = await Promise.all([
    import("./cli/permissions/command_grants.ts"),
    import("./system/run_worker.ts"),
  ]);
  return await runWorker(await commandGrants(args, openCore(args, systemTerminal, signals)));
}

class NotCached extends Error {}

/**
 * Prints the cached token that a plain `get-token` asks for, and returns the exit code. Returns null if there is none, or
 * an error: the worker starts over, and reports it.
 */
async function printCached(args: readonly string[], signals: Signals): Promise<number | null> {
  const call = fastPath(args);
  // A token file is written after the token was found.
  if (call?.command !== "get-token" || call.flags.file !== undefined) return null;
  const output: (() => void | Promise<void>)[] = [];
  const core = openCore(args, {
    ...systemTerminal,
    // Only the worker prompts.
    stdinIsTerminal: false,
    writeData: (text) => Promise.resolve(void output.push(() => systemTerminal.writeData(text))),
    writeMessage: (line) => void output.push(() => systemTerminal.writeMessage(line)),
  }, signals);
  try {
    await runGetToken(call.flags, endingElsewhere(core));
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
    return reportError(error, systemTerminal, errorStyle(args));
  }
}

type Core = GrantContext & Pick<CommandContext, "terminal" | "clock" | "profiles" | "store">;

/** Opens what a cached token and the permissions of a command line need. */
function openCore(args: readonly string[], terminal: Terminal, signals: Signals): Core {
  const parts = { env: systemEnvironment, clock: systemClock, os: systemOs, files: systemFiles };
  const ui = createTerminalUi(terminal, { ...parts, ...terminalStyle(args) });
  const system: StorageSystem = {
    ...parts,
    locks: { acquire: notCached },
    processes: { run: runProgram },
    dataProtection: async () => (await import("./system/windows/data_protection.ts")).openDataProtection(),
    get interrupted() {
      return signals.signal;
    },
  };
  const stored = openStored(system, (message) => ui.writeMessage(`Notice: ${plainText(message, 2000)}`));
  // Each part of `stored` is opened when it is first used.
  return Object.assign(Object.create(stored), { ...parts, terminal: ui });
}

const notCached = () => Promise.reject(new NotCached());

/** Imported late: most keys are in a file. */
const runProgram: Processes["run"] = async (...call) =>
  await (await import("./system/processes/processes.ts")).systemProcesses.run(...call);

/** Returns a context in which everything but `core` throws {@linkcode NotCached}: only the worker has it. */
function endingElsewhere(core: Core): CommandContext {
  return new Proxy(core as Core & CommandContext, {
    get: (target, name) => name in target ? Reflect.get(target, name) : notCached,
  });
}
