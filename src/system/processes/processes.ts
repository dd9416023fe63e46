import { abortable } from "@std/async/abortable";
import type { Environment } from "../environment.ts";
import { FileError } from "../files/file_error.ts";
import type { Files } from "../files/files.ts";
import type { Os } from "../os.ts";
import { pathRules } from "../path.ts";
import { permissionHint } from "../permission.ts";
import { startTimer } from "../timer.ts";
import { catchChildSignal } from "./signals.ts";

/** A program that runs independently of this one. */
export interface StartedProcess {
  /** Resolves with the exit code when the program ends. Never rejects. */
  readonly exited: Promise<{ code: number }>;
  /** Lets this process exit while the started one is running. */
  unref(): void;
}

/**
 * The result of starting a program: it runs; there is no such program; Deno may not run it; or the system refused (not
 * executable, a folder, …).
 */
export type StartAttempt =
  | { kind: "started"; process: StartedProcess }
  | { kind: "not-found" | "refused" }
  | {
    kind: "not-permitted";
    /** What the user can do. */
    hint: string;
  };

export interface RunOptions {
  /** The standard input. Default: empty. */
  readonly input?: string | undefined;
  /** Variables to set in addition to the inherited ones. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The time limit in milliseconds, after which the program is killed. */
  readonly timeoutMs: number;
  /** Cancels the wait with its reason, and kills the program. */
  readonly signal?: AbortSignal | undefined;
  /** How many characters of each output are kept. Default: a million. */
  readonly maxOutput?: number | undefined;
  /** Whether the program stays in the session of this one and so can open the terminal. Ctrl-C then reaches it too. */
  readonly inSession?: boolean | undefined;
}

/** The result of running a program: it ended, timed out, or could not be started (see {@linkcode StartAttempt}). */
export type RunResult =
  | {
    readonly kind: "ended";
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }
  | { readonly kind: "timed-out" | "not-found" | "refused" }
  | {
    readonly kind: "not-permitted";
    /** What the user can do. */
    readonly hint: string;
  };

/** Starts other programs. */
export interface Processes {
  /**
   * Starts `command` with exactly `args`, without a shell. A command without a slash is looked up in PATH. Its input is
   * empty, its output is discarded, and Ctrl-C does not reach it.
   */
  start(command: string, args: readonly string[]): Promise<StartAttempt>;
  /**
   * Runs `command` with exactly `args` to its end, as {@linkcode start} does, and collects its output up to a size limit.
   * Pass secrets in the input: the arguments are visible in process lists. Rejects only with the reason of `signal`.
   */
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
}

export const systemProcesses: Processes = {
  start(command, args) {
    const child = trySpawn(command, args, { ...DETACHED, env: JOB_SECRETS });
    if (!isFailure(child)) return Promise.resolve(started(child));
    const { kind } = child;
    return Promise.resolve(
      kind === "not-permitted" ? { kind, hint: permissionHint({ name: "run", command }) } : { kind },
    );
  },
  async run(command, args, { input, env, timeoutMs, signal, maxOutput = MAX_OUTPUT, inSession = false }) {
    signal?.throwIfAborted();
    const child = trySpawn(command, args, {
      ...PIPED,
      detached: !inSession,
      env: { ...JOB_SECRETS, ...env },
    });
    if (!isFailure(child)) return await collect(child, input ?? "", { timeoutMs, maxOutput, signal });
    const { kind } = child;
    return kind === "not-permitted" ? { kind, hint: permissionHint({ name: "run", command }) } : { kind };
  },
};

/**
 * Secrets that a browser or a key store does not need, but the command of `exec` may, so they are emptied only here: the
 * data key, without which the command could not run this program again, and what a pipeline or a machine passes to the
 * programs of a job.
 */
const JOB_SECRETS = {
  ENTRA_AUTH_CLI_KEY: "",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "",
  SYSTEM_ACCESSTOKEN: "",
  GITLAB_OIDC_TOKEN: "",
  IDENTITY_HEADER: "",
  MSI_SECRET: "",
};

/** A separate process group: Ctrl-C in the terminal must not end the browser of the user. */
const DETACHED: SpawnOptions = { stdin: "null", stdout: "null", stderr: "null", detached: true };
const PIPED: SpawnOptions = { stdin: "piped", stdout: "piped", stderr: "piped", detached: true };

function started(child: Deno.ChildProcess): StartAttempt {
  return {
    kind: "started",
    process: {
      exited: child.status.then(({ code }) => ({ code })),
      unref: () => child.unref(),
    },
  };
}

/** The time limit also covers output that is held open by children of a program that has ended. */
async function collect(
  child: Deno.ChildProcess,
  input: string,
  { timeoutMs, maxOutput, signal }: { timeoutMs: number; maxOutput: number; signal: AbortSignal | undefined },
): Promise<RunResult> {
  const deadline = new AbortController();
  using _timer = startTimer(timeoutMs, () => deadline.abort());
  const until = AbortSignal.any(signal === undefined ? [deadline.signal] : [deadline.signal, signal]);
  try {
    const [stdout, stderr, { code }] = await Promise.all([
      textOf(child.stdout, maxOutput, until),
      textOf(child.stderr, maxOutput, until),
      abortable(child.status, until),
      feed(child.stdin, input),
    ]);
    return { kind: "ended", code, stdout, stderr };
  } catch (error) {
    if (!until.aborted) throw error;
    await kill(child);
    signal?.throwIfAborted();
    return { kind: "timed-out" };
  }
}

/** In characters: more than any program that is run here prints. */
const MAX_OUTPUT = 1_000_000;

async function textOf(
  stream: ReadableStream<Uint8Array>,
  maxLength: number,
  signal: AbortSignal,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      // Endless output runs into the time limit without filling memory.
      if (text.length < maxLength) text += decoder.decode(chunk, { stream: true });
    },
  });
  await stream.pipeTo(sink, { signal });
  return text + decoder.decode();
}

/** Ignores a program that ends without reading its input: the exit code shows whether that is an error. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}

async function kill(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has already ended.
  }
  await child.status;
}

interface SpawnOptions extends Pick<Deno.CommandOptions, "stdin" | "stdout" | "stderr"> {
  /** Variables to set in addition to the inherited ones. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Whether the program gets its own process group, which Ctrl-C in the terminal does not reach. */
  readonly detached: boolean;
}

export type SpawnFailure = { kind: "not-found" | "not-permitted" | "refused" };

export function isFailure(spawned: Deno.ChildProcess | SpawnFailure): spawned is SpawnFailure {
  return "kind" in spawned;
}

/**
 * Variables in which this program receives secrets. Started programs must not inherit them. Removing an inherited
 * variable requires the permission to read all variables, so they are emptied.
 */
const OWN_SECRETS = {
  AZURE_CLIENT_SECRET: "",
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "",
};

/** Starts `command` with exactly `args`, without a shell. A command without a slash is looked up in PATH. */
export function trySpawn(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Deno.ChildProcess | SpawnFailure {
  try {
    return spawnWithoutLoaderVariables(command, args, options);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return { kind: "not-permitted" };
    return { kind: isMissingProgram(error) ? "not-found" : "refused" };
  }
}

/** Deno for Windows has no class or code for a missing program that is named by its path (seen in 2.9.5). */
function isMissingProgram(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Error && error.message.endsWith(": File not found");
}

/**
 * Spawns `command`. If the permission lists programs, Deno starts none of them while a variable is set that makes the
 * loader run other code (`LD_PRELOAD`, `LD_LIBRARY_PATH`, `DYLD_…`); only its message names the variables. They are then
 * emptied for the child.
 */
function spawnWithoutLoaderVariables(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Deno.ChildProcess {
  try {
    return spawn(command, args, options);
  } catch (error) {
    const variables = error instanceof Deno.errors.NotCapable
      ? error.message.match(/\b(?:LD|DYLD)_\w+/g)
      : null;
    if (variables === null) throw error;
    const emptied = Object.fromEntries(variables.map((name) => [name, ""]));
    return spawn(command, args, { ...options, env: { ...options.env, ...emptied } });
  }
}

function spawn(
  command: string,
  args: readonly string[],
  { env, ...options }: SpawnOptions,
): Deno.ChildProcess {
  const prepared = new Deno.Command(command, {
    ...options,
    args: [...args],
    env: { ...OWN_SECRETS, ...env },
  });
  const caught = catchChildSignal();
  const release = () => caught[Symbol.dispose]();
  try {
    const child = prepared.spawn();
    child.status.then(release, release);
    return child;
  } catch (error) {
    release();
    throw error;
  }
}

export interface ProgramSearch {
  readonly env: Environment;
  readonly files: Pick<Files, "lstat">;
  readonly os: Os;
}

/**
 * Returns whether the program `command` exists, as a path or in a folder of `PATH`.
 *
 * @throws {CliError} `permission`.
 */
export async function isInstalled(command: string, search: ProgramSearch): Promise<boolean> {
  return await findProgram(command, search, [".exe", ".com"]) !== null;
}

/** Returns the first program `name` in PATH; on Windows it may be a script. @throws {CliError} `permission` */
export async function findInPath(name: string, search: ProgramSearch): Promise<string | null> {
  return await findProgram(name, search, [".com", ".exe", ".bat", ".cmd"]);
}

async function findProgram(
  command: string,
  { env, files, os }: ProgramSearch,
  windowsEndings: readonly string[],
): Promise<string | null> {
  const { join } = pathRules(os);
  const isPath = os === "windows" ? /[/\\]/.test(command) : command.includes("/");
  const folders = (env.get("PATH") ?? "").split(os === "windows" ? ";" : ":").filter((folder) =>
    folder !== ""
  );
  const paths = isPath ? [command] : folders.map((folder) => join(folder, command));
  const endings = os === "windows" && !/\.\w+$/.test(command) ? windowsEndings : [""];
  for (const path of paths) {
    for (const ending of endings) {
      if (await isProgram(path + ending, files)) return path + ending;
    }
  }
  return null;
}

async function isProgram(path: string, files: Pick<Files, "lstat">): Promise<boolean> {
  try {
    const facts = await files.lstat(path);
    if (facts === null || facts.kind === "folder") return false;
    return facts.mode === null || (facts.mode & 0o111) !== 0;
  } catch (error) {
    // PATH may contain a folder that the user may not read.
    if (error instanceof FileError) return false;
    throw error;
  }
}
