import { join } from "@std/path/join";
import { GrowingText } from "./growing_text.ts";
import { inheritedVariables, programCommand, type ProgramResult } from "./program.ts";
import type { Sandbox } from "./sandbox.ts";

export interface ShellOptions {
  /** Variables in addition to those of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hosts with ports that `entra-auth-cli` may connect to, in addition to the provider. */
  readonly hosts?: readonly string[];
  /** Programs that `entra-auth-cli` may start, in addition to its own list. */
  readonly programs?: readonly string[];
}

/** A running script. */
export interface RunningShell {
  /** Waits until stdout matches `pattern`. @throws {Error} If the script ends without a match. */
  stdoutMatch(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Types into stdin. */
  type(text: string): Promise<void>;
  /** Stops reading stdout, so that a later write has no reader. */
  closeStdout(): Promise<void>;
  /** Resolves when the script has ended. */
  readonly ended: Promise<ProgramResult>;
}

/** Whether scripts cannot run here. */
export const hasNoShell: boolean = Deno.build.os === "windows";

/** Returns whether the PATH contains a program of this name. */
export function hasCommand(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, name)).isFile;
    } catch {
      return false;
    }
  });
}

/** Returns whether bash, curl and jq are installed. */
export async function hasScriptTools(): Promise<boolean> {
  return !hasNoShell && (await Promise.all(["bash", "curl", "jq"].map(hasProgram))).every(Boolean);
}

async function hasProgram(program: string): Promise<boolean> {
  const command = new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}

/** Runs a POSIX shell script in which `entra-auth-cli` is the program. */
export async function runShell(
  sandbox: Sandbox,
  script: string,
  options: ShellOptions = {},
): Promise<ProgramResult> {
  return await (await startShell(sandbox, ["sh", "-c", script], options)).ended;
}

/** Runs a script that signs in, and signs in in the browser. */
export async function signInWithShell(
  sandbox: Sandbox,
  script: string,
  visitor: Parameters<Sandbox["userAgent"]["signIn"]>[1],
): Promise<ProgramResult> {
  const shell = await startShell(sandbox, ["sh", "-c", script]);
  const url = await Promise.race([sandbox.browser.next(), shell.ended]);
  if (typeof url !== "string") throw new Error(`The script did not open the browser:\n${url.stderr}`);
  await sandbox.userAgent.signIn(url, visitor);
  return await shell.ended;
}

/** Starts a command whose PATH contains `entra-auth-cli`. */
export async function startShell(
  sandbox: Sandbox,
  [command, ...args]: readonly [string, ...string[]],
  options: ShellOptions = {},
): Promise<RunningShell> {
  const inherited = inheritedVariables();
  sandbox.watch.noteVariables({ ...sandbox.env, ...options.env });
  const child = new Deno.Command(command, {
    args,
    env: {
      ...inherited,
      ...sandbox.env,
      ...options.env,
      PATH: `${await installProgram(sandbox, options)}:${inherited.PATH}`,
    },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new GrowingText(child.stderr);
  const reading = new AbortController();
  const stdout = new GrowingText(readUntil(child.stdout, reading.signal));
  const stdin = child.stdin.getWriter();
  const collect = async () => {
    const [{ code }, out, err] = await Promise.all([child.status, stdout.whole, stderr.whole]);
    // The reader of stdin may have ended.
    await stdin.close().catch(() => {});
    return { code, stdout: out, stderr: err };
  };
  const ended = collect();
  ended.then((result) => sandbox.watch.note([command], result));
  return {
    stdoutMatch: (pattern) => stdout.match(pattern),
    type: (text) => stdin.write(new TextEncoder().encode(text)),
    closeStdout: async () => {
      reading.abort();
      await stdout.whole;
    },
    ended,
  };
}

/** Installs the command `entra-auth-cli` and returns its folder. */
async function installProgram(
  sandbox: Sandbox,
  { hosts = [], programs = [] }: ShellOptions,
): Promise<string> {
  const folder = join(sandbox.folder, "bin");
  const reached = [`localhost:${sandbox.provider.port}`, ...hosts];
  const command = programCommand(reached, "scripted-browser", programs, sandbox.recorder);
  const line = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
  await Deno.mkdir(folder, { recursive: true });
  // Renamed into place, since a script may be running the previous version.
  const draft = join(sandbox.folder, crypto.randomUUID());
  await writeProgram(draft, `#!/bin/sh\nexec ${line} "$@"\n`);
  await Deno.rename(draft, join(folder, "entra-auth-cli"));
  return folder;
}

/**
 * Writes a program in another process: programs started by this one in the meantime would inherit the file open for
 * writing, and such a file cannot be executed.
 */
async function writeProgram(path: string, text: string): Promise<void> {
  const command = new Deno.Command("sh", {
    args: ["-c", 'cat >"$0" && chmod 755 "$0"', path],
    stdin: "piped",
  });
  await using child = command.spawn();
  const stdin = child.stdin.getWriter();
  await stdin.write(new TextEncoder().encode(text));
  await stdin.close();
  if (!(await child.status).success) throw new Error(`Cannot write ${path}`);
}

/** Returns `stream` up to the abort of `signal`, which cancels it. */
function readUntil(stream: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => void reader.cancel());
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
