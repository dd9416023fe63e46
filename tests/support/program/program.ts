import { fromFileUrl } from "@std/path/from-file-url";
import { BROWSER_PROGRAM } from "../browser/url_inbox.ts";
import { GrowingText } from "./growing_text.ts";
import { traceCommand } from "./traced_programs.ts";

export interface ProgramOptions {
  /** The whole environment except PATH and the variables that Deno needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Hosts with ports that it may connect to, in addition to the loopback addresses. */
  readonly hosts?: readonly string[];
  /** The standard input. Default: empty. */
  readonly stdin?: string;
  /** Programs that it may start, in addition to its own list. An executable has a fixed list. */
  readonly programs?: readonly string[];
  /** Whether it is detached from the terminal of the tests, so that no user can see or answer a prompt. */
  readonly withoutTerminal?: boolean;
  /** Other Deno flags. An executable ignores them. */
  readonly flags?: readonly string[];
  /** Permissions to deny, as Deno flags such as `--deny-env=HOME`. An executable ignores them. */
  readonly denied?: readonly string[];
  /** The permissions as Deno flags, instead of those in `deno.json`. An executable ignores them. */
  readonly permissions?: readonly string[];
  /** The URL of a module to load first. An executable, and a program with `permissions`, ignores it. */
  readonly preload?: string;
  /** The working directory. Default: that of the tests. */
  readonly cwd?: string;
  /** A file for the system's trace of each started program, including the program itself. */
  readonly tracedTo?: string;
  /** Whether the program starts with SIGCHLD ignored, as its parent left it. Requires `env` of GNU. */
  readonly ignoresChildren?: boolean;
  /** The executable to run. Its hosts are fixed. Default: the command of {@linkcode programCommand}. */
  readonly executable?: string;
}

/** The running program. */
export interface RunningProgram {
  readonly pid: number;
  /** Waits until stderr matches `pattern`. @throws {Error} If the program ends without a match. */
  stderrMatch(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Resolves when the program has ended. */
  readonly ended: Promise<ProgramResult>;
  kill(signal: Deno.Signal): void;
}

export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The main module of the source. */
export const SOURCE_MAIN: string = fromFileUrl(import.meta.resolve("../../../main.ts"));

/** The module to run: the bundle of `scripts/check/test.ts`, or the source. */
const MAIN = Deno.env.get("ENTRA_AUTH_CLI_BUNDLE") ?? SOURCE_MAIN;
/** The same for a program that may read every file: `bundleOnce()` tells the difference. */
const QUICK_MAIN = Deno.env.get("ENTRA_AUTH_CLI_QUICK_BUNDLE") ?? MAIN;

const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));

/** The programs that read the token key, and the one that writes to the controlling terminal. */
const SYSTEM_PROGRAMS = ["secret-tool", "/usr/bin/security", "tee", "cat"];

/**
 * Starts the program as a user would: from its source under Deno with the permissions in `deno.json`, or as the
 * executable in the variable `ENTRA_AUTH_CLI_EXECUTABLE`.
 */
export function startProgram(args: readonly string[], options: ProgramOptions): RunningProgram {
  const [command = "", ...before] = [
    ...(options.ignoresChildren ? ["env", "--ignore-signal=CHLD"] : []),
    ...(options.tracedTo === undefined ? [] : traceCommand(options.tracedTo)),
    ...commandFor(options),
  ];
  const child = new Deno.Command(command, {
    args: [...before, ...args],
    env: { ...inheritedVariables(), ...options.env },
    clearEnv: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: options.withoutTerminal ?? false,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new GrowingText(child.stderr);
  return {
    pid: child.pid,
    stderrMatch: (pattern) => stderr.match(pattern),
    kill: (signal) => child.kill(signal),
    ended: collect(child, stderr, options.stdin),
  };
}

/** Runs the program to its end. */
export async function runProgram(args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return await startProgram(args, options).ended;
}

/**
 * Returns the command that runs the program, without its arguments. It may connect to `hosts` and the loopback
 * addresses, and start `programs` and the scripted browser of a test, or the browsers in `deno.json`. It loads
 * `preload` first.
 */
export function programCommand(
  hosts: readonly string[],
  browser: "scripted-browser" | "any-browser",
  programs: readonly string[] = [],
  preload?: string,
): [string, ...string[]] {
  const executable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE");
  if (executable !== undefined) return [executable];
  return denoCommand(QUICK_MAIN, [
    "--quiet",
    "--no-prompt",
    "--permission-set=default",
    ...(preload === undefined ? [] : [`--preload=${preload}`]),
    `--allow-net=${["127.0.0.1", "[::1]", ...hosts].join(",")}`,
    ...(browser === "scripted-browser"
      ? [`--allow-run=${[BROWSER_PROGRAM, Deno.execPath(), ...SYSTEM_PROGRAMS, ...programs].join(",")}`]
      : []),
  ]);
}

/** Returns the command that runs `main` with these flags. */
function denoCommand(main: string, permissions: readonly string[]): [string, ...string[]] {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  return [Deno.execPath(), "run", `--config=${CONFIG}`, ...flags, ...permissions, main];
}

function commandFor(options: ProgramOptions): [string, ...string[]] {
  if (options.executable !== undefined) return [options.executable];
  if (options.permissions !== undefined) return denoCommand(MAIN, options.permissions);
  const command = programCommand(
    options.hosts ?? [],
    "scripted-browser",
    options.programs,
    options.preload,
  );
  return command.length === 1
    ? command
    : withFlags(command, [...options.flags ?? [], ...options.denied ?? []]);
}

function withFlags(
  [deno, ...rest]: [string, ...string[]],
  flags: readonly string[],
): [string, ...string[]] {
  return [deno, ...rest.slice(0, -1), ...flags, ...rest.slice(-1)];
}

/** Returns the variables by which Deno finds its cache and packages, and programs are found. */
export function inheritedVariables(): Record<string, string> {
  const names = [
    "PATH",
    "PATHEXT",
    "SystemRoot",
    "DENO_DIR",
    "DENO_TLS_CA_STORE",
    "JSR_URL",
    "NPM_CONFIG_REGISTRY",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TEMP",
    "LOCALAPPDATA",
  ];
  // The update check of Deno would reach the proxy of a test.
  const variables: Record<string, string> = { TZ: "UTC", DENO_NO_UPDATE_CHECK: "1" };
  for (const name of names) {
    const value = Deno.env.get(name);
    if (value !== undefined) variables[name] = value;
  }
  // Without DENO_DIR Deno derives the cache from the home folder, which a test replaces.
  variables.DENO_DIR ??= denoDir();
  return variables;
}

function denoDir(): string {
  const home = Deno.env.get("HOME") ?? "";
  switch (Deno.build.os) {
    case "darwin":
      return `${home}/Library/Caches/deno`;
    case "windows":
      return `${Deno.env.get("LOCALAPPDATA")}\\deno`;
    default:
      return `${Deno.env.get("XDG_CACHE_HOME") ?? `${home}/.cache`}/deno`;
  }
}

async function collect(
  child: Deno.ChildProcess,
  stderr: GrowingText,
  stdin: string | undefined,
): Promise<ProgramResult> {
  const stdout = new Response(child.stdout).text();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  const [{ code }, out, err] = await Promise.all([child.status, stdout, stderr.whole]);
  return { code, stdout: out, stderr: err };
}
