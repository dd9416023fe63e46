import { fromFileUrl } from "@std/path/from-file-url";
import { GrowingText } from "./growing_text.ts";
import { traceCommand } from "./traced_programs.ts";

/** How to run the program in a test. */
export interface ProgramOptions {
  /** The whole environment but for PATH and what Deno itself needs. */
  readonly env: Readonly<Record<string, string>>;
  /** Hosts it may connect to besides the loopback addresses, with their ports. */
  readonly hosts?: readonly string[];
  /** Text for its standard input, which is empty otherwise. */
  readonly stdin?: string;
  /** Programs that it may start, besides those that it starts by itself. An executable has its own list inside. */
  readonly programs?: readonly string[];
  /** Whether it is cut off from the terminal that the tests run on, so that nobody is there to see or to answer anything. */
  readonly isAlone?: boolean;
  /** What Deno is to do otherwise, as flags of its own. An executable has no use for any. */
  readonly flags?: readonly string[];
  /** Permissions to take away again, as flags of Deno: `--deny-env=HOME`. An executable has its own inside. */
  readonly denied?: readonly string[];
  /** All that it is permitted, as flags of Deno, instead of what `deno.json` permits. An executable has its own inside. */
  readonly permissions?: readonly string[];
  /** URL of a module that it loads first. An executable loads none, nor does a program whose `permissions` are given. */
  readonly preload?: string;
  /** The folder that it is started in; that of the tests by default. */
  readonly cwd?: string;
  /** A file for the system's own record of each program that is started, the program itself included. */
  readonly tracedTo?: string;
  /** The executable to run, which has its hosts inside; otherwise {@linkcode programCommand} says what is run. */
  readonly executable?: string;
}

/** The program, running. */
export interface RunningProgram {
  readonly pid: number;
  /** Waits until stderr has a match for `pattern`. @throws {Error} When the program ends without one. */
  stderrMatch(pattern: RegExp): Promise<RegExpMatchArray>;
  /** All of it, once the program has ended. */
  readonly ended: Promise<ProgramResult>;
  kill(signal: Deno.Signal): void;
}

/** What the program left behind. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The main module of the source. */
export const SOURCE_MAIN: string = fromFileUrl(import.meta.resolve("../../../main.ts"));

/** What is started: the bundle that `scripts/check/test.ts` made, otherwise the source. */
const MAIN = Deno.env.get("ENTRA_AUTH_CLI_BUNDLE") ?? SOURCE_MAIN;

const CONFIG = fromFileUrl(import.meta.resolve("../../../deno.json"));

/** What the program asks for the key of the tokens, and what writes to a terminal that no stream leads to. */
const SYSTEM_PROGRAMS = ["secret-tool", "/usr/bin/security", "tee"];

/**
 * Starts the program as its user would: from its source under Deno with the permissions that `deno.json` names, or, where
 * the variable `ENTRA_AUTH_CLI_EXECUTABLE` is set, that executable.
 */
export function startProgram(args: readonly string[], options: ProgramOptions): RunningProgram {
  const [command = "", ...before] = [
    ...(options.tracedTo === undefined ? [] : traceCommand(options.tracedTo)),
    ...commandFor(options),
  ];
  const child = new Deno.Command(command, {
    args: [...before, ...args],
    env: { ...inheritedVariables(), ...options.env },
    clearEnv: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: options.isAlone ?? false,
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
 * The command line that runs the program, without its arguments. It may connect to `hosts` besides the loopback
 * addresses, and start the scripted browser of a test and `programs`, or the browsers that `deno.json` names. It loads
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
  return denoCommand([
    "--quiet",
    "--no-prompt",
    "--permission-set=default",
    ...(preload === undefined ? [] : [`--preload=${preload}`]),
    `--allow-net=${["127.0.0.1", "[::1]", ...hosts].join(",")}`,
    // The scripted browser is a script of this Deno's.
    ...(browser === "scripted-browser"
      ? [`--allow-run=${[Deno.execPath(), ...SYSTEM_PROGRAMS, ...programs].join(",")}`]
      : []),
  ]);
}

/** The command line that runs the program from its source with these flags. */
function denoCommand(permissions: readonly string[]): [string, ...string[]] {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  return [Deno.execPath(), "run", `--config=${CONFIG}`, ...flags, ...permissions, MAIN];
}

function commandFor(options: ProgramOptions): [string, ...string[]] {
  if (options.executable !== undefined) return [options.executable];
  if (options.permissions !== undefined) return denoCommand(options.permissions);
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

/** The variables by which Deno finds its cache and packages, and a program other programs. */
export function inheritedVariables(): Record<string, string> {
  const names = [
    "PATH",
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
  // A Deno that looks for its own updates would be seen by a test's proxy.
  const variables: Record<string, string> = { TZ: "UTC", DENO_NO_UPDATE_CHECK: "1" };
  for (const name of names) {
    const value = Deno.env.get(name);
    if (value !== undefined) variables[name] = value;
  }
  // Without DENO_DIR the cache is found through the home folder, which a test replaces.
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
