/**
 * Makes executables, with those permissions of `deno.json` baked in that their system has a use for, and never a question
 * for more.
 *
 * `compile.ts [--target TARGET|all] [--output FILE] [--scope-home] [--also-net HOST]... [--also-run PROGRAM]...`: without
 * a target `dist/entra-auth-cli` for this machine, with one `dist/entra-auth-cli-TARGET`. Paths are taken from the top
 * folder of the repository. `--scope-home` is for an executable that stays on this machine and with this user: it reads
 * and writes the folder of the tokens and nothing else. What is named with `--also-net` and `--also-run` is granted
 * besides: an executable that a test or an organization makes for a sign-in service or a browser of its own.
 * `--also-run '*'` grants every program.
 */

import { parseArgs } from "node:util";
import { type Bundle, bundle } from "./bundle.ts";
import { grantFlags, type Grants } from "../src/grants.ts";
import { grantsFor, needsOf } from "../src/commands/permission_needs.ts";
import { systemEnvironment } from "../src/system/environment.ts";
import { homeFolder } from "../src/system/folder.ts";
import { type Os, systemOs } from "../src/system/os.ts";
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
}

/** What an executable is granted besides the permissions of `deno.json`, and what instead of them. */
export interface MoreGrants {
  /** Hosts to connect to, each with or without its port. */
  readonly alsoNet: readonly string[];
  /** Programs to start, by name or path; `*` is any, for an `exec` that runs whatever it is told. */
  readonly alsoRun: readonly string[];
  /** The only folder to read and write. */
  readonly home: string;
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

/** Where an executable goes that was given no name of its own. */
export function defaultOutput(target: Target | undefined): string {
  const suffix = target === undefined ? "" : `-${target}`;
  return `dist/entra-auth-cli${suffix}${osOf(target) === "windows" ? ".exe" : ""}`;
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

/** What an executable for `os` is granted: what its commands need there of the set `permissions`, and more. */
export function executableGrants(
  permissions: Grants,
  os: Os,
  { alsoNet = [], alsoRun = [], home }: Partial<MoreGrants>,
): Grants {
  const { net, run, env, ffi } = grantsFor(permissions, needsOf(undefined) ?? [], os);
  return {
    read: home === undefined ? permissions.read ?? false : [home],
    write: home === undefined ? permissions.write ?? false : [home],
    net: [...net, ...alsoNet],
    env,
    run: alsoRun.includes("*") ? true : [...run, ...alsoRun],
    ffi,
  };
}

async function readPermissions(): Promise<Grants> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", TOP))).permissions.default;
}

function osOf(target: Target | undefined): Os {
  if (target === undefined) return systemOs;
  return target.includes("windows") ? "windows" : target.includes("darwin") ? "darwin" : "linux";
}

/** Runs `deno compile` with `args`, which end with the program. */
async function tryToCompile(args: readonly string[], attempt: Attempt): Promise<Outcome> {
  // Types are the business of `deno task check`.
  const all = ["compile", "--quiet", "--no-lock", "--no-check", ...args];
  return await run(attempt.deno, all, cleanEnvironment({ ...Deno.env.toObject(), ...attempt.env }));
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
    const bundled = await bundle(folder);
    return await compileBundle(options, bundled);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compileBundle(options: CompileOptions, bundled: Bundle): Promise<string> {
  const grants = executableGrants(await readPermissions(), osOf(options.target), options);
  const output = options.output ?? defaultOutput(options.target);
  const args = [
    `--config=${bundled.config}`,
    "--no-prompt",
    ...grantFlags(grants),
    // Its cache of compiled code would be a file of guessable name in a folder that everybody writes to.
    "--no-code-cache",
    // V8's helper threads have no time to help a program that is over so soon: they cost it a tenth of its time.
    "--v8-flags=--single-threaded",
    "--output",
    output,
    bundled.main,
  ];
  await compileWith(args, output, options.target);
  return output;
}

/** Makes an executable of one module as anybody would: what the program's own is measured against. */
export async function compilePlainly(entry: string, output: string): Promise<void> {
  // Without the cache, which would lie around afterwards.
  await compileWith(["--no-config", "--no-code-cache", "--output", output, entry], output, undefined);
}

/** Makes the executable `output`. Throws an `Error` with what Deno said where it can't be made. */
async function compileWith(
  args: readonly string[],
  output: string,
  target: Target | undefined,
): Promise<void> {
  const forTarget = target === undefined ? args : ["--target", target, ...args];
  let outcome = await tryToCompile(forTarget, { deno: Deno.execPath(), env: {} });
  if (!outcome.success && lacksRuntime(outcome.stderr) && runsOnThisLinux(target)) {
    say(
      "Deno's runtime for executables can't be downloaded: using one from npm, so this one is for tests only",
    );
    const { deno, denort } = await takeTestRuntime();
    const env = { DENORT_BIN: denort, DENO_TLS_CA_STORE: "system,mozilla" };
    outcome = await tryToCompile(args, { deno, env });
  }
  if (!outcome.success) throw new Error(`Cannot make ${output}: ${outcome.stderr}`);
}

/** The targets that `--target` names; undefined stands for this machine. */
export function parseTargets(name: string | undefined): readonly (Target | undefined)[] {
  if (name === "all") return TARGETS;
  if (name === undefined) return [undefined];
  if (isTarget(name)) return [name];
  throw new Error(`Cannot compile for "${name}": targets are all, ${TARGETS.join(", ")}`);
}

function homeOfThisMachine(target: string | undefined): string {
  if (target === undefined) return homeFolder(systemEnvironment, systemOs);
  throw new Error("--scope-home is for this machine alone: leave out --target");
}

if (import.meta.main) {
  try {
    const { values } = parseArgs({
      options: {
        "target": { type: "string" },
        "output": { type: "string" },
        "scope-home": { type: "boolean", default: false },
        "also-net": { type: "string", multiple: true, default: [] },
        "also-run": { type: "string", multiple: true, default: [] },
      },
    });
    const more = {
      alsoNet: values["also-net"],
      alsoRun: values["also-run"],
      ...(values["scope-home"] ? { home: homeOfThisMachine(values.target) } : {}),
    };
    for (const target of parseTargets(values.target)) {
      say(`made ${await compile({ target, output: values.output, ...more })}`);
    }
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
