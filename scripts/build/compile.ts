/**
 * Makes executables that never ask for permissions: each command line runs with those that it needs (`src/broker.ts`).
 * With one of the flags below, the executable has those of `deno.json` instead, for all commands.
 *
 * `compile.ts [--target TARGET|all] [--output FILE] [--scope-home] [--also-net HOST]... [--also-run PROGRAM]...
 * [--also-env NAME]...`: without
 * a target `dist/entra-auth-cli` for this machine, with one `dist/entra-auth-cli-TARGET`. Paths are taken from the top
 * folder of the repository. `--scope-home` is for an executable that stays on this machine and with this user: it reads
 * and writes the folder of the tokens and nothing else. What is named with `--also-net`, `--also-run` and `--also-env` is granted
 * besides: an executable that a test or an organization makes for a sign-in service or a browser of its own.
 * `--also-run '*'` grants every program.
 */

import { parseArgs } from "node:util";
import { bundle, type Mechanism } from "./bundle.ts";
import { grantFlags, type Grants } from "../../src/cli/permissions/permission_grants.ts";
import { grantsFor, needsOf } from "../../src/cli/permissions/permission_needs.ts";
import { systemEnvironment } from "../../src/system/environment.ts";
import { homeFolder } from "../../src/system/path.ts";
import { type Os, systemOs } from "../../src/system/os.ts";
import { denoCompile } from "./compile/deno_compile.ts";
import { withIdentifier } from "./compile/sign_mach_o.ts";
import { defaultOutput, osOf, parseTargets, type Target } from "./compile/targets.ts";
import { say } from "../offline/npm_package.ts";

const TOP = new URL("../../", import.meta.url);

/** What to make, and where; without a target for this machine. */
export interface CompileOptions extends Partial<MoreGrants> {
  readonly target?: Target | undefined;
  readonly output?: string | undefined;
  /** A mechanism to leave out, to measure its gain. */
  readonly without?: Mechanism | undefined;
}

/** What an executable is granted besides the permissions of `deno.json`, and what instead of them. */
export interface MoreGrants {
  /** Hosts to connect to, each with or without its port. */
  readonly alsoNet: readonly string[];
  /** Programs to start, by name or path; `*` is any, for an `exec` that runs whatever it is told. */
  readonly alsoRun: readonly string[];
  /** Variables to read, such as one that holds an assertion. */
  readonly alsoEnv: readonly string[];
  /** The only folder to read and write. */
  readonly home: string;
}

/** What an executable for `os` is granted: what its commands need there of the set `permissions`, and more. */
export function executableGrants(
  permissions: Grants,
  os: Os,
  { alsoNet = [], alsoRun = [], alsoEnv = [], home }: Partial<MoreGrants>,
): Grants {
  const { net, run, env, sys, ffi } = grantsFor(permissions, needsOf(undefined) ?? [], os);
  return {
    read: home === undefined ? permissions.read ?? false : [home],
    write: home === undefined ? permissions.write ?? false : [home],
    net: [...net, ...alsoNet],
    env: [...env, ...alsoEnv],
    run: alsoRun.includes("*") ? true : [...run, ...alsoRun],
    sys,
    ffi,
  };
}

async function readPermissions(): Promise<Grants> {
  return JSON.parse(await Deno.readTextFile(new URL("deno.json", TOP))).permissions.default;
}

/** Makes one executable and gives its path. Throws an `Error` with what Deno said where it can't be made. */
export async function compile(options: CompileOptions = {}): Promise<string> {
  await compileAll([options]);
  return outputOf(options);
}

/** Makes executables of the same bundle, one after the other. Throws an `Error` for the first that can't be made. */
export async function compileAll(all: readonly CompileOptions[], repository?: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-compile-" });
  try {
    const main = await bundle(folder, all[0]?.without, repository);
    for (const options of all) await compileBundle(options, main);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function outputOf({ output, target }: CompileOptions): string {
  return output ?? defaultOutput(target);
}

/** The program ends before V8's baseline compiler, or threads that compile and collect beside it, pay off. */
const V8_FLAGS = ["no-sparkplug", "single-threaded"] as const;

/**
 * In MiB. By default V8 lets new objects take 16 MiB three times over before it collects them: with 10,000 profiles that
 * adds 28 MiB to the peak memory of `status`, and 47 MiB to that of `list-profiles`. One profile needs less than this.
 */
const MAX_YOUNG = "max-semi-space-size=4";

/** The options of an executable that has its permissions inside. */
const NARROWING = ["alsoNet", "alsoRun", "alsoEnv", "home"] as const;

async function compileBundle(options: CompileOptions, main: string): Promise<void> {
  const isNarrow = NARROWING.some((option) => options[option] !== undefined);
  const grants = isNarrow
    ? grantFlags(executableGrants(await readPermissions(), osOf(options.target), options))
    : ["--allow-all", "--unstable-worker-options"];
  const output = outputOf(options);
  const args = [
    // Nor is one looked for beside the bundle: an import map has an executable start later.
    "--no-config",
    "--no-prompt",
    ...grants,
    // Its cache of compiled code would be a file of guessable name in a folder that everybody writes to.
    "--no-code-cache",
    `--v8-flags=${
      [...V8_FLAGS.filter((flag) => flag !== options.without), MAX_YOUNG].map((flag) => `--${flag}`)
    }`,
    "--output",
    output,
    main,
  ];
  await denoCompile(args, output, options.target);
  if (osOf(options.target) === "darwin") {
    await Deno.writeFile(output, withIdentifier(await Deno.readFile(output), "entra-auth-cli"));
  }
  say(`made ${output}`);
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
        "also-net": { type: "string", multiple: true },
        "also-run": { type: "string", multiple: true },
        "also-env": { type: "string", multiple: true },
      },
    });
    const more = {
      ...(values["also-net"] ? { alsoNet: values["also-net"] } : {}),
      ...(values["also-run"] ? { alsoRun: values["also-run"] } : {}),
      ...(values["also-env"] ? { alsoEnv: values["also-env"] } : {}),
      ...(values["scope-home"] ? { home: homeOfThisMachine(values.target) } : {}),
    };
    await compileAll(
      parseTargets(values.target).map((target) => ({ target, output: values.output, ...more })),
    );
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
