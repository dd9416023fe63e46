/**
 * Makes executables, with the permissions of `deno.json` baked in and never a question for more.
 *
 * `compile.ts [--target TARGET|all] [--output FILE] [--also-net HOST]... [--also-run PROGRAM]...`: without a target
 * `dist/entra-auth-cli` for this machine, with one `dist/entra-auth-cli-TARGET`. Paths are taken from the top folder of
 * the repository. What is named with `--also-net` and `--also-run` is granted besides: an executable that a test or an
 * organization makes for a sign-in service or a browser of its own. `--also-run '*'` grants every program.
 */

import { parseArgs } from "node:util";
import { type Bundle, bundle } from "./bundle.ts";
import { say } from "./npm_package.ts";
import { takeTestRuntime } from "./test_runtime.ts";

const TOP = new URL("../", import.meta.url);

/** The systems that releases are made for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
] as const;

/** One of the systems that releases are made for. */
export type Target = typeof TARGETS[number];

/** What to make, and where; without a target for this machine. */
export interface CompileOptions extends Partial<MoreGrants> {
  readonly target?: Target | undefined;
  readonly output?: string | undefined;
  /** The program; `main.ts` by default. */
  readonly entry?: string;
}

/** What an executable is granted besides the permissions of `deno.json`. */
export interface MoreGrants {
  /** Hosts to connect to, each with or without its port. */
  readonly alsoNet: readonly string[];
  /** Programs to start, by name or path; `*` is any, for an `exec` that runs whatever it is told. */
  readonly alsoRun: readonly string[];
}

/** The part of `deno.json` that names permissions, as far as more can be added to it. */
export interface PermissionSets {
  readonly default: {
    readonly net: readonly string[];
    readonly run: readonly string[];
    readonly ffi: readonly string[];
  };
}

interface Attempt {
  readonly deno: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly success: boolean;
  readonly stderr: string;
}

function isTarget(text: string): text is Target {
  return (TARGETS as readonly string[]).includes(text);
}

function isForWindows(target: Target | undefined, os: string = Deno.build.os): boolean {
  return target === undefined ? os === "windows" : target.includes("windows");
}

/** Where an executable goes that was given no name of its own. */
export function defaultOutput(target: Target | undefined, os: string = Deno.build.os): string {
  const suffix = target === undefined ? "" : `-${target}`;
  return `dist/entra-auth-cli${suffix}${isForWindows(target, os) ? ".exe" : ""}`;
}

/**
 * `deno compile` copies parts of its environment into the executable (telemetry, trust stores, options of the
 * runtime), so it gets none but what says where its own files are.
 */
export function cleanEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const kept = ([name]: [string, string]) =>
    !/^(OTEL|DENO|NODE)_/i.test(name) || ["DENO_DIR", "DENORT_BIN"].includes(name.toUpperCase());
  return Object.fromEntries(Object.entries(env).filter(kept));
}

async function run(deno: string, args: readonly string[], env: Record<string, string>): Promise<Outcome> {
  const command = new Deno.Command(deno, { args: [...args], cwd: TOP, env, clearEnv: true, stdin: "null" });
  const { success, stderr } = await command.output();
  return { success, stderr: new TextDecoder().decode(stderr).trim() };
}

/**
 * The flags that grant the permission set `default` and more. A flag takes the place of the set's own list, so each one
 * repeats what is in the set: `permissions` is that of `deno.json`. Throws an `Error` for a name with a comma, which would
 * grant two things.
 */
export function permissionFlags(permissions: PermissionSets, { alsoNet, alsoRun }: MoreGrants): string[] {
  const flag = (kind: "net" | "run", more: readonly string[]) => {
    const withComma = more.find((name) => name === "" || name.includes(","));
    if (withComma !== undefined) {
      throw new Error(`Cannot grant ${kind} for "${withComma}": name one at a time`);
    }
    // A bare flag grants all of a kind.
    if (kind === "run" && more.includes("*")) return ["--allow-run"];
    return more.length === 0 ? [] : [`--allow-${kind}=${[...permissions.default[kind], ...more].join(",")}`];
  };
  return ["--permission-set=default", "--no-prompt", ...flag("net", alsoNet), ...flag("run", alsoRun)];
}

async function readPermissions(): Promise<PermissionSets> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", TOP))).permissions;
}

async function tryToCompile(
  options: CompileOptions,
  output: string,
  bundled: Bundle,
  attempt: Attempt,
): Promise<Outcome> {
  const { alsoNet = [], alsoRun = [] } = options;
  const permissions = await readPermissions();
  const args = [
    "compile",
    // Kept by the executable too: else each start names every browser of the permission set that isn't installed.
    "--quiet",
    "--no-lock",
    `--config=${bundled.config}`,
    ...permissionFlags(permissions, { alsoNet, alsoRun }),
    // Another system's Deno would take the set's path of Windows for one below this folder.
    ...(isForWindows(options.target) ? [`--allow-ffi=${permissions.default.ffi.join(",")}`] : []),
    // Types are the business of `deno task check`.
    "--no-check",
    // Its cache of compiled code would be a file of guessable name in a folder that everybody writes to.
    "--no-code-cache",
    ...(options.target === undefined ? [] : ["--target", options.target]),
    "--output",
    output,
    bundled.main,
  ];
  return await run(attempt.deno, args, cleanEnvironment({ ...Deno.env.toObject(), ...attempt.env }));
}

function lacksRuntime(stderr: string): boolean {
  return /Setting up base binary|denort/.test(stderr);
}

function runsOnThisLinux(target: Target | undefined): boolean {
  const isLinux = Deno.build.os === "linux" && Deno.build.arch === "x86_64";
  return isLinux && (target === undefined || target === "x86_64-unknown-linux-gnu");
}

/** Makes one executable and gives its path. Throws an `Error` with what Deno said where it can't be made. */
export async function compile(options: CompileOptions = {}): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-compile-" });
  try {
    const bundled = await bundle({ folder, entry: options.entry ?? "main.ts" });
    return await compileBundle(options, bundled);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compileBundle(options: CompileOptions, bundled: Bundle): Promise<string> {
  const output = options.output ?? defaultOutput(options.target);
  let outcome = await tryToCompile(options, output, bundled, { deno: Deno.execPath(), env: {} });
  if (!outcome.success && lacksRuntime(outcome.stderr) && runsOnThisLinux(options.target)) {
    say(
      "Deno's runtime for executables can't be downloaded: using one from npm, so this one is for tests only",
    );
    const { deno, denort } = await takeTestRuntime();
    const env = { DENORT_BIN: denort, DENO_TLS_CA_STORE: "system,mozilla" };
    outcome = await tryToCompile({ ...options, target: undefined }, output, bundled, { deno, env });
  }
  if (!outcome.success) throw new Error(`Cannot make ${output}: ${outcome.stderr}`);
  return output;
}

/** The targets that `--target` names; undefined stands for this machine. */
export function parseTargets(name: string | undefined): readonly (Target | undefined)[] {
  if (name === "all") return TARGETS;
  if (name === undefined) return [undefined];
  if (isTarget(name)) return [name];
  throw new Error(`Cannot compile for "${name}": targets are all, ${TARGETS.join(", ")}`);
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: {
        "target": { type: "string" },
        "output": { type: "string" },
        "also-net": { type: "string", multiple: true, default: [] },
        "also-run": { type: "string", multiple: true, default: [] },
      },
    });
    for (const target of parseTargets(values.target)) {
      const grants = { alsoNet: values["also-net"], alsoRun: values["also-run"] };
      say(`made ${await compile({ target, output: values.output, ...grants })}`);
    }
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
