import { say } from "../../offline/npm_package.ts";
import { takeTestRuntime } from "../../check/test_runtime.ts";
import type { Target } from "./targets.ts";

const TOP = new URL("../../../", import.meta.url);

interface Attempt {
  readonly deno: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly success: boolean;
  readonly stderr: string;
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

/** Runs `deno compile` with `args`, which end with the program. */
async function tryToCompile(args: readonly string[], attempt: Attempt): Promise<Outcome> {
  // Types are the business of `deno task check`.
  const all = ["compile", "--quiet", "--no-lock", "--no-check", ...args];
  return await run(attempt.deno, all, cleanEnvironment({ ...Deno.env.toObject(), ...attempt.env }));
}

function lacksRuntime(stderr: string): boolean {
  return /Setting up base binary|denort/.test(stderr);
}

/** Whether the runtimes of npm can be used here. Set when the first download of Deno's own fails. */
const testRuntime = {
  isPossible: Deno.build.os === "linux" && Deno.build.arch === "x86_64",
  isNeeded: false,
};

/** Makes an executable of one module as anybody would: what the program's own is measured against. */
export async function compilePlainly(entry: string, output: string): Promise<void> {
  // Without the cache, which would lie around afterwards.
  await denoCompile(["--no-config", "--no-code-cache", "--output", output, entry], output, undefined);
}

/**
 * Makes the executable `output` with `args`, which say so and end with the program. Throws an `Error` with what Deno
 * said where it can't be made.
 */
export async function denoCompile(
  args: readonly string[],
  output: string,
  target: Target | undefined,
): Promise<void> {
  const forTarget = target === undefined ? args : ["--target", target, ...args];
  let outcome = { success: false, stderr: "" };
  if (!testRuntime.isNeeded) {
    outcome = await tryToCompile(forTarget, { deno: Deno.execPath(), env: {} });
    if (!outcome.success && lacksRuntime(outcome.stderr) && testRuntime.isPossible) {
      say("Deno's runtimes for executables can't be downloaded: using those from npm, for tests only");
      testRuntime.isNeeded = true;
    }
  }
  if (testRuntime.isNeeded) {
    const { deno, denort } = await takeTestRuntime(target ?? "x86_64-unknown-linux-gnu");
    const env = { DENORT_BIN: denort, DENO_TLS_CA_STORE: "system,mozilla" };
    outcome = await tryToCompile(forTarget, { deno, env });
  }
  if (!outcome.success) throw new Error(`Cannot make ${output}: ${outcome.stderr}`);
}
