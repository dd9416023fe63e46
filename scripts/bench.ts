/**
 * Times the program on this machine: `bench.ts [--pairs N]`. Signs in once at a provider that runs here, then runs each
 * command and what it is compared with in turn. What counts is the ratio: both have the same machine under them.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { parseArgs } from "node:util";
import { inheritedVariables, programCommand } from "../tests/support/program.ts";
import { openSandbox, type Sandbox } from "../tests/support/sandbox.ts";
import { compare, type Comparison, formatTable, type TimedCommand } from "./bench/compare.ts";
import { compile } from "./compile.ts";
import { say } from "./npm_package.ts";

const CACHED = ["get-token", "--quiet", "--output", "token"];
const REFRESH = ["refresh", "--quiet"];

function print(text: string): void {
  // deno-lint-ignore no-console -- a script's own output
  console.log(text);
}

/** The command line that runs another file just as the program is run from its source. */
function insteadOfMain(command: readonly string[], file: string): string[] {
  return [...command.slice(0, -1), fromFileUrl(import.meta.resolve(file))];
}

async function compileBoth(sandbox: Sandbox): Promise<{ program: string; helloWorld: string }> {
  say("making the executables");
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const program = join(sandbox.folder, `entra-auth-cli${suffix}`);
  const helloWorld = join(sandbox.folder, `hello-world${suffix}`);
  await compile({ output: program, alsoNet: [`localhost:${sandbox.provider.port}`] });
  await compile({ output: helloWorld, entry: "scripts/bench/hello_world.ts" });
  return { program, helloWorld };
}

/** Times with the provider running first, then what has to be as quick without it. */
async function bench(pairs: number): Promise<Comparison[]> {
  await using sandbox = await openSandbox();
  const { program, helloWorld } = await compileBoth(sandbox);
  say("signing in");
  const signedIn = await sandbox.signIn(["get-token"]);
  if (signedIn.code !== 0) throw new Error(`Cannot sign in: ${signedIn.stderr}`);
  const env = { ...inheritedVariables(), ...sandbox.env };
  const source = programCommand([`localhost:${sandbox.provider.port}`], "scripted-browser");
  const time = async (timed: TimedCommand, baseline: TimedCommand) => {
    say(`${pairs} times ${timed.name}, and in turn ${baseline.name}`);
    return await compare(timed, baseline, pairs);
  };
  const fromSource = { name: "cached get-token, from source", command: [...source, ...CACHED], env };
  const compiled = { name: "cached get-token, executable", command: [program, ...CACHED], env };
  const bareStart = {
    name: "start of Deno with an empty file",
    command: insteadOfMain(source, "./bench/empty.ts"),
    env,
  };
  const loadMsal = {
    name: "loading MSAL alone",
    command: insteadOfMain(source, "./bench/load_msal.ts"),
    env,
  };
  const hello = { name: "compiled hello-world", command: [helloWorld], env };
  const refresh = { name: "refresh, executable", command: [program, ...REFRESH], env };

  const refreshed = await time(refresh, compiled);
  await sandbox.provider.stop();
  return [
    await time(fromSource, bareStart),
    await time(compiled, hello),
    refreshed,
    await time(loadMsal, bareStart),
  ];
}

/** Throws an `Error` for what is no number of pairs. */
function parsePairs(text: string): number {
  const pairs = Number(text);
  if (Number.isSafeInteger(pairs) && pairs > 0) return pairs;
  throw new Error(`Cannot measure "${text}" pairs: name a whole number above 0`);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { pairs: { type: "string", default: "20" } } });
  const pairs = parsePairs(values.pairs);
  print(formatTable(await bench(pairs)));
  const { os, arch } = Deno.build;
  print(
    `\nDeno ${Deno.version.deno} on ${os} ${arch}, ${navigator.hardwareConcurrency} cores, ${pairs} pairs each`,
  );
}
