import { join } from "@std/path/join";
import { GrowingText } from "./growing_text.ts";
import { inheritedVariables, programCommand, type ProgramResult } from "./program.ts";
import type { Sandbox } from "./sandbox.ts";

/** How to run a script. */
export interface ShellOptions {
  /** Variables besides the sandbox's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Hosts that `entra-auth-cli` may connect to besides the provider, with their ports. */
  readonly hosts?: readonly string[];
  /** Programs that `entra-auth-cli` may start, besides those that it starts by itself. */
  readonly programs?: readonly string[];
}

/** A script that runs. */
export interface RunningShell {
  /** Waits until its stdout has a match for `pattern`. @throws {Error} When it ends without one. */
  stdoutMatch(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Types into its stdin. */
  type(text: string): Promise<void>;
  /** Stops reading its stdout: whoever writes to it from now on has no reader. */
  closeStdout(): Promise<void>;
  /** All of it, once the script has ended. */
  readonly ended: Promise<ProgramResult>;
}

/** Why the scripts of a test can't run here; false where they can. */
export const hasNoShell: boolean = Deno.build.os === "windows";

/** Whether there is a program of this name on the PATH. */
export function hasCommand(name: string): boolean {
  return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
    try {
      return Deno.statSync(join(folder, name)).isFile;
    } catch {
      return false;
    }
  });
}

/** Whether what scripts commonly use is here: bash, curl and jq. */
export async function hasScriptTools(): Promise<boolean> {
  return !hasNoShell && (await Promise.all(["bash", "curl", "jq"].map(hasProgram))).every(Boolean);
}

async function hasProgram(program: string): Promise<boolean> {
  const command = new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" });
  return await command.output().then(({ success }) => success, () => false);
}

/** Runs a POSIX shell script to its end, where `entra-auth-cli` is the program. */
export async function runShell(
  sandbox: Sandbox,
  script: string,
  options: ShellOptions = {},
): Promise<ProgramResult> {
  return await (await startShell(sandbox, ["sh", "-c", script], options)).ended;
}

/** Runs a script that signs in, and does what the person does in the browser. */
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

/** Starts a command that finds `entra-auth-cli` on its PATH. */
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
    // The reader of stdin may be gone long before.
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

/** Makes `entra-auth-cli` a command, and gives the folder that it is in. */
async function installProgram(
  sandbox: Sandbox,
  { hosts = [], programs = [] }: ShellOptions,
): Promise<string> {
  const folder = join(sandbox.folder, "bin");
  const reached = [`localhost:${sandbox.provider.port}`, ...hosts];
  const command = programCommand(reached, "scripted-browser", programs, sandbox.recorder);
  const line = command.map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(" ");
  await Deno.mkdir(folder, { recursive: true });
  // Written aside first: a script may be running the one that is there.
  const draft = join(sandbox.folder, crypto.randomUUID());
  await writeProgram(draft, `#!/bin/sh\nexec ${line} "$@"\n`);
  await Deno.rename(draft, join(folder, "entra-auth-cli"));
  return folder;
}

/**
 * Writes a program, by another process: what this one starts meanwhile would have the file open for writing for a moment,
 * and a file that is can't be run.
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

/** What comes out of `stream` until `signal`, which closes it. */
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
