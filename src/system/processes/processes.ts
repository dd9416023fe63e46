import { abortable } from "@std/async/abortable";
import type { Environment } from "../environment.ts";
import { FileError } from "../files/file_error.ts";
import type { Files } from "../files/files.ts";
import type { Os } from "../os.ts";
import { pathRules } from "../path.ts";
import { permissionFlag } from "../permission.ts";

/** A program that was started and lives its own life. */
export interface StartedProcess {
  /** Settles with the exit code when the program ends. Never rejects. */
  readonly exited: Promise<{ code: number }>;
  /** Lets this process end while the started one still runs. */
  unref(): void;
}

/**
 * What became of starting a program: it runs; there is none of that name; Deno was not given the permission to run it;
 * or the system refused (not executable, a folder, …).
 */
export type StartAttempt =
  | { kind: "started"; process: StartedProcess }
  | { kind: "not-found" | "not-permitted" | "refused" };

/** How a program is run to its end. */
export interface RunOptions {
  /** Text for its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Variables to set besides those that it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take, in milliseconds; then it is killed. */
  readonly timeoutMs: number;
  /** Ends the wait with its reason, and the program with it. */
  readonly signal?: AbortSignal | undefined;
  /** Leaves the program in this one's session, so that it can open the terminal by itself. Ctrl-C then reaches it too. */
  readonly inSession?: boolean;
}

/** What became of running a program to its end: it ended, took too long, or could not be started (see {@linkcode StartAttempt}). */
export type RunResult =
  | {
    readonly kind: "ended";
    /** Its exit code. */
    readonly code: number;
    /** All it printed. */
    readonly stdout: string;
    /** All it said. */
    readonly stderr: string;
  }
  | { readonly kind: "timed-out" | "not-found" | "refused" }
  | {
    readonly kind: "not-permitted";
    /** The Deno flag that would permit it. */
    readonly flag: string;
  };

/** Starts other programs. */
export interface Processes {
  /**
   * Starts `command`, looked up in PATH when it has no slash, with exactly `args`: no shell reads them. Nothing is
   * shared with the terminal: its input is empty, its output goes nowhere, and Ctrl-C does not reach it.
   */
  start(command: string, args: readonly string[]): Promise<StartAttempt>;
  /**
   * Runs `command`, looked up in PATH when it has no slash, with exactly `args` to its end: no shell reads them, and
   * nothing of the terminal is shared. What may not be seen in a list of processes belongs in its input. Rejects with the
   * reason of `signal` alone. Of what it prints, more than a program has to say is dropped.
   */
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
}

/** The machine's processes. */
export const systemProcesses: Processes = {
  start(command, args) {
    const child = trySpawn(command, args, { ...NOTHING_SHARED, env: SECRETS_OF_THE_JOB });
    return Promise.resolve(isFailure(child) ? child : started(child));
  },
  async run(command, args, { input, env, timeoutMs, signal, inSession = false }) {
    signal?.throwIfAborted();
    const child = trySpawn(command, args, {
      ...PIPED,
      detached: !inSession,
      env: { ...SECRETS_OF_THE_JOB, ...env },
    });
    if (!isFailure(child)) return await collect(child, input ?? "", timeoutMs, signal);
    const { kind } = child;
    return kind === "not-permitted" ? { kind, flag: permissionFlag({ name: "run", command }) } : { kind };
  },
};

/**
 * Variables by which a pipeline or a machine gives its secrets to all that a job runs. A browser or a key store has no use
 * for them; the command that `exec` runs may have, so they are emptied here alone.
 */
const SECRETS_OF_THE_JOB = {
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "",
  SYSTEM_ACCESSTOKEN: "",
  GITLAB_OIDC_TOKEN: "",
  IDENTITY_HEADER: "",
  MSI_SECRET: "",
};

/** A process group of its own: Ctrl-C in the terminal must not end the user's browser. */
const NOTHING_SHARED: SpawnOptions = { stdin: "null", stdout: "null", stderr: "null", detached: true };
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

/** A program that leaves others behind which hold its output is waited for no longer than one that hangs. */
async function collect(
  child: Deno.ChildProcess,
  input: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const until = AbortSignal.any(signal === undefined ? [late.signal] : [late.signal, signal]);
  try {
    const [stdout, stderr, { code }] = await Promise.all([
      textOf(child.stdout, until),
      textOf(child.stderr, until),
      abortable(child.status, until),
      feed(child.stdin, input),
    ]);
    return { kind: "ended", code, stdout, stderr };
  } catch (error) {
    if (!until.aborted) throw error;
    await end(child);
    signal?.throwIfAborted();
    return { kind: "timed-out" };
  } finally {
    clearTimeout(timer);
  }
}

/** In characters: no program that is run here has more to say. */
const MAX_OUTPUT = 1_000_000;

async function textOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      // One that never stops is waited for like one that hangs, and fills no memory meanwhile.
      if (text.length < MAX_OUTPUT) text += decoder.decode(chunk, { stream: true });
    },
  });
  await stream.pipeTo(sink, { signal });
  return text + decoder.decode();
}

/** A program may end without having read what it was given: its exit code says whether that is bad. */
async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    await writer.abort().catch(() => {});
  }
}

async function end(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It ended by itself.
  }
  await child.status;
}

/** What a started program shares with this one, and what it gets. */
export interface SpawnOptions extends Pick<Deno.CommandOptions, "stdin" | "stdout" | "stderr"> {
  /** Variables to set besides those that it inherits. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it gets a process group of its own, which Ctrl-C in the terminal doesn't reach. */
  readonly detached: boolean;
}

/** Why a program was not started: there is none of that name, Deno may not start it, or the system refused. */
export type SpawnFailure = { kind: "not-found" | "not-permitted" | "refused" };

/** Whether spawning failed. */
export function isFailure(spawned: Deno.ChildProcess | SpawnFailure): spawned is SpawnFailure {
  return "kind" in spawned;
}

/**
 * Variables by which this program is given secrets. They are no concern of the programs that it starts; what is inherited
 * can't be unset without the permission to read every variable, so it is emptied.
 */
const OWN_SECRETS = {
  ENTRA_AUTH_CLI_KEY: "",
  AZURE_CLIENT_SECRET: "",
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "",
};

/** Starts `command`, looked up in PATH when it has no slash, with exactly `args`: no shell reads them. */
export function trySpawn(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Deno.ChildProcess | SpawnFailure {
  try {
    return spawnPastLoaderVariables(command, args, options);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return { kind: "not-permitted" };
    if (error instanceof Deno.errors.NotFound) return { kind: "not-found" };
    return { kind: "refused" };
  }
}

/**
 * Spawns `command`. With a list of allowed programs Deno starts none while a variable is set that makes the loader run
 * other code (`LD_PRELOAD`, `LD_LIBRARY_PATH`, `DYLD_…`), and names those in its message. Emptied for the child they do
 * nothing, so that is tried next.
 */
function spawnPastLoaderVariables(
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
  return new Deno.Command(command, { ...options, args: [...args], env: { ...OWN_SECRETS, ...env } }).spawn();
}

/** What {@linkcode isInstalled} needs. */
export interface ProgramSearch {
  /** Where `PATH` is looked up. */
  readonly env: Environment;
  /** The file system. */
  readonly files: Pick<Files, "lstat">;
  /** How paths and programs are named. */
  readonly os: Os;
}

/** Whether there is a program called `command`: a file, where that is a path, else one in a folder of `PATH`. @throws {CliError} `permission` */
export async function isInstalled(command: string, { env, files, os }: ProgramSearch): Promise<boolean> {
  const { join } = pathRules(os);
  const isPath = os === "windows" ? /[/\\]/.test(command) : command.includes("/");
  const folders = (env.get("PATH") ?? "").split(os === "windows" ? ";" : ":").filter((folder) =>
    folder !== ""
  );
  const paths = isPath ? [command] : folders.map((folder) => join(folder, command));
  const endings = os === "windows" && !/\.\w+$/.test(command) ? [".exe", ".com"] : [""];
  for (const path of paths) {
    for (const ending of endings) {
      if (await isProgram(path + ending, files)) return true;
    }
  }
  return false;
}

async function isProgram(path: string, files: Pick<Files, "lstat">): Promise<boolean> {
  try {
    const facts = await files.lstat(path);
    if (facts === null || facts.kind === "folder") return false;
    return facts.mode === null || (facts.mode & 0o111) !== 0;
  } catch (error) {
    // A folder of PATH may be anything, also one that the user may not look into.
    if (error instanceof FileError) return false;
    throw error;
  }
}
