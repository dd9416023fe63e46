import { fromFileUrl } from "@std/path/from-file-url";
import { type BatchCommand, readLines } from "./batch_main.ts";
import { isExecutable } from "./executable.ts";
import { inheritedVariables, programCommand, type ProgramResult, runProgram } from "./program.ts";

/** Runs the program many times without a start of the process for each. Commands wait for each other. */
export interface Batch extends AsyncDisposable {
  run(command: BatchCommand): Promise<ProgramResult>;
}

const BATCH_MAIN = fromFileUrl(import.meta.resolve("./batch_main.ts"));

/** Starts a process for many runs, with these variables and hosts. An executable is started for each run instead. */
export function openBatch(env: Readonly<Record<string, string>>, hosts: readonly string[]): Batch {
  if (isExecutable) {
    return {
      run: ({ args, env: own }) => runProgram(args, { env: { ...env, ...own }, hosts }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  let process: ReturnType<typeof startProcess> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(one) {
      process ??= startProcess(env, hosts);
      const { run } = process;
      const result = last.then(() => run(one));
      last = result.catch(() => {});
      return result;
    },
    async [Symbol.asyncDispose]() {
      await last;
      await process?.stop();
    },
  };
}

function startProcess(env: Readonly<Record<string, string>>, hosts: readonly string[]) {
  const [command = "", ...flags] = programCommand(hosts, "scripted-browser").slice(0, -1);
  const child = new Deno.Command(command, {
    args: [...flags, BATCH_MAIN],
    env: { ...inheritedVariables(), ...env },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const input = child.stdin.getWriter();
  const results = readLines(child.stdout);
  return {
    async run(one: BatchCommand): Promise<ProgramResult> {
      await input.write(new TextEncoder().encode(`${JSON.stringify(one)}\n`));
      const { value } = await results.next();
      if (value === undefined) throw new Error(`The program ended during ${one.args.join(" ")}`);
      return JSON.parse(value);
    },
    async stop() {
      await input.close();
      await results.return(undefined);
      await child.status;
    },
  };
}
