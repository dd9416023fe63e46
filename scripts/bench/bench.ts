/**
 * Times the program on this machine: `bench.ts [--pairs N] [--mechanisms] [--against EXECUTABLE]...`. Signs in once at a
 * local provider, then runs each command and its baseline alternately. Only the ratio can be compared between machines.
 *
 * With `--mechanisms`, compares a cached get-token of executables that lack one of the mechanisms for speed each. With
 * `--against`, compares a cached token, a refresh and a sign-in with those of another executable, such as an older one.
 */

import { encodeBase64 } from "@std/encoding/base64";
import { basename } from "@std/path/basename";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { parseArgs } from "node:util";
import { KEY_SERVICE } from "../../src/store/keystore/key_store.ts";
import { inheritedVariables, programCommand } from "../../tests/support/program/program.ts";
import { CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../tests/support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../tests/support/program/sandbox.ts";
import {
  hasNoSecretService,
  openSecretService,
  type SecretService,
} from "../../tests/support/secrets/secret_service.ts";
import { openAzureCli } from "./azure_cli.ts";
import { compareExecutables } from "./against.ts";
import {
  compare,
  compareRuns,
  type Comparison,
  formatTable,
  type TimedCommand,
  type TimedRun,
  timedRun,
} from "./compare.ts";
import { inStore, measureLists, openLargeStores } from "./large_stores.ts";
import { applicationOf, findPeers, githubCli, SCOPE } from "./peers.ts";
import { signInParts } from "./sign_in.ts";
import { peakMemory, timeAtOnce, timeProvider } from "./measurements.ts";
import { MECHANISMS } from "../build/bundle.ts";
import { compile } from "../build/compile.ts";
import { compilePlainly } from "../build/compile/deno_compile.ts";
import { say } from "../offline/npm_package.ts";

/** The number of cached calls that run at once. */
const AT_ONCE = 50;
const CACHED = ["get-token", "--quiet", "--output", "token"];
const REFRESH = ["refresh", "--quiet"];

function print(text: string): void {
  // deno-lint-ignore no-console -- a script's own output
  console.log(text);
}

/** Returns the command line that runs another file with the flags of the program. */
function withMain(command: readonly string[], file: string): string[] {
  return [...command.slice(0, -1), fromFileUrl(import.meta.resolve(file))];
}

async function compileBoth(sandbox: Sandbox): Promise<{ program: string; helloWorld: string }> {
  say("compiling the executables");
  const suffix = Deno.build.os === "windows" ? ".exe" : "";
  const program = join(sandbox.folder, `entra-auth-cli${suffix}`);
  const helloWorld = join(sandbox.folder, `hello-world${suffix}`);
  await compile({ output: program });
  await compilePlainly("scripts/bench/hello_world.ts", helloWorld);
  return { program, helloWorld };
}

/** A copy of the sandbox's store with its key in another key store, and the variables that select it. */
interface OtherStore {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Copies the sandbox's store for each key store of this machine and moves the key there. */
async function moveKeys(sandbox: Sandbox, session: SecretService | null): Promise<OtherStore[]> {
  const key = encodeBase64(crypto.getRandomValues(new Uint8Array(32)));
  const stores: OtherStore[] = [{ name: "environment", env: { ENTRA_AUTH_CLI_KEY: key } }];
  if (session !== null) {
    const env = { ...session.env, ENTRA_AUTH_CLI_KEYRING: "secret-service" };
    stores.push({ name: "Secret Service", env });
  }
  if (Deno.build.os === "windows") stores.push({ name: "DPAPI", env: { ENTRA_AUTH_CLI_KEYRING: "dpapi" } });
  return await Promise.all(stores.map(async ({ name, env }) => {
    const home = join(sandbox.folder, `home-${name}`);
    await copy(sandbox.home, home);
    const moved = { ...env, ENTRA_AUTH_CLI_HOME: home };
    const { code, stderr } = await sandbox.run(CACHED, { env: moved });
    if (code !== 0) throw new Error(`Cannot move the key: ${stderr}`);
    return { name, env: moved };
  }));
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { mode: 0o700 });
  for await (const { name, isFile } of Deno.readDir(from)) {
    if (isFile) await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Comparisons for the table, and sentences. */
interface Measurements {
  readonly comparisons: readonly Comparison[];
  readonly remarks: readonly string[];
}

/** Measures the memory of a cached call, and many calls at once. */
async function measureResources(cached: TimedCommand, hello: TimedCommand): Promise<string[]> {
  const [memory, least] = [await peakMemory(cached), await peakMemory(hello)];
  const singleMs = await timeAtOnce(cached, 1);
  const togetherMs = await timeAtOnce(cached, AT_ONCE);
  const speedUp = AT_ONCE * singleMs / togetherMs;
  return [
    memory === null || least === null
      ? "Peak memory: not measured, GNU time not found."
      : `Peak memory of a cached get-token: ${memory.toFixed(0)} MiB, ${
        (memory / least).toFixed(2)
      } times that of hello-world.`,
    `${AT_ONCE} concurrent cached calls: ${togetherMs.toFixed(0)} ms, ${
      speedUp.toFixed(1)
    } times as fast as sequential calls.`,
  ];
}

/** Times the commands that need the provider, then stops it and times the rest. */
async function bench(pairs: number): Promise<Measurements> {
  await using sandbox = await openSandbox({ applications: [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION] });
  await using session = hasNoSecretService ? null : await openSecretService();
  if (session === null) {
    say("gnome-keyring, dbus or secret-tool not found: the Secret Service is not measured");
  }
  const { program, helloWorld } = await compileBoth(sandbox);
  say("signing in");
  const signedIn = await sandbox.signIn(["get-token"]);
  if (signedIn.code !== 0) throw new Error(`Cannot sign in: ${signedIn.stderr}`);
  const env = { ...inheritedVariables(), ...sandbox.env };
  const source = programCommand([`localhost:${sandbox.provider.port}`], "scripted-browser");
  const time = async (timed: TimedCommand, baseline: TimedCommand) => {
    say(`timing ${pairs} pairs: ${timed.name} and ${baseline.name}`);
    return await compare(timed, baseline, pairs);
  };
  const timeRuns = async (timed: TimedRun, baseline: TimedCommand) => {
    say(`timing ${pairs} pairs: ${timed.name} and ${baseline.name}`);
    return await compareRuns(timed, timedRun(baseline), pairs);
  };
  const fromSource = { name: "cached get-token, from source", command: [...source, ...CACHED], env };
  const compiled = { name: "cached get-token, executable", command: [program, ...CACHED], env };
  const bareStart = {
    name: "Deno with an empty file",
    command: withMain(source, "./empty.ts"),
    env,
  };
  const loadMsal = {
    name: "Deno that loads MSAL",
    command: withMain(source, "./load_msal.ts"),
    env,
  };
  const hello = { name: "compiled hello-world", command: [helloWorld], env };
  const refresh = { name: "refresh, executable", command: [program, ...REFRESH], env };

  const refreshed = await time(refresh, compiled);
  const providerMs = await timeProvider(sandbox.provider, pairs);
  const signIns: Comparison[] = [];
  const parts = await signInParts(sandbox, program);
  if (parts !== null) {
    for (const part of [parts.toBrowser, parts.afterRedirect]) signIns.push(await timeRuns(part, hello));
  }
  say("filling the large stores");
  const largeStores = await openLargeStores(sandbox);
  const ofLargeStores: Comparison[] = [];
  for (const store of largeStores) {
    ofLargeStores.push(await time(inStore(refresh, store), { ...refresh, name: "refresh, one profile" }));
  }
  const asApplication = await applicationOf(sandbox, program, env);
  const peers: Comparison[] = [];
  for (const peer of await findPeers(sandbox, env)) peers.push(await time(peer, asApplication));
  const gh = await githubCli(sandbox, inheritedVariables());
  if (gh !== null) peers.push(await time(gh, compiled));
  await using azureCli = await openAzureCli(sandbox.provider, SCOPE, inheritedVariables());
  if (azureCli !== null) {
    // In this order, so that the process that the first leaves behind has ended when the second is done.
    for (const az of [azureCli.asShipped, azureCli.withoutTelemetry]) {
      peers.push(await time(az, asApplication));
    }
  }
  await sandbox.provider.stop();
  for (const store of largeStores) {
    ofLargeStores.push(await time(inStore(compiled, store), { ...compiled, name: "with one profile" }));
  }
  const anyCommand = { name: "", command: [program], env };
  const lists = await measureLists(largeStores, anyCommand, (command) => time(command, hello));
  const keyFile = { ...compiled, name: "with a key file" };
  const keyStores: Comparison[] = [];
  for (const store of await moveKeys(sandbox, session)) {
    const name = `cached get-token, executable, key in ${store.name}`;
    keyStores.push(await time({ ...compiled, name, env: { ...env, ...store.env } }, keyFile));
  }
  if (session !== null) {
    // The program that the Secret Service key store starts.
    const command = ["secret-tool", "search", "service", KEY_SERVICE];
    const alone = { name: "secret-tool search", command, env: { ...env, ...session.env } };
    keyStores.push(await time(alone, keyFile));
  }
  const comparisons = [
    await time(fromSource, bareStart),
    await time(compiled, hello),
    ...ofLargeStores,
    ...lists.comparisons,
    ...keyStores,
    refreshed,
    ...signIns,
    await time(loadMsal, bareStart),
    ...peers,
  ];
  const addedMs = refreshed.medianMs - providerMs;
  return {
    comparisons,
    remarks: [
      `A refresh adds ${addedMs.toFixed(0)} ms to the ${
        providerMs.toFixed(0)
      } ms of the provider for its response.`,
      ...await measureResources(compiled, hello),
      ...lists.remarks,
    ],
  };
}

/** Times a cached call of executables without one mechanism each, against the executable with all of them. */
async function benchMechanisms(pairs: number): Promise<Measurements> {
  await using sandbox = await openSandbox();
  const signedIn = await sandbox.signIn(["get-token"]);
  if (signedIn.code !== 0) throw new Error(`Cannot sign in: ${signedIn.stderr}`);
  const env = { ...inheritedVariables(), ...sandbox.env };
  const cached = (name: string, program: string) => ({ name, command: [program, ...CACHED], env });
  const whole = await compile({ output: join(sandbox.folder, "whole") });
  // Two copies of one executable differ too: that is the noise of this machine.
  const copy = join(sandbox.folder, "copy");
  await Deno.copyFile(whole, copy);
  const baseline = cached("all mechanisms", whole);
  const comparisons = [await compare(cached("a copy", copy), baseline, pairs)];
  for (const without of MECHANISMS) {
    say(`without: ${without}`);
    const program = await compile({ output: join(sandbox.folder, "variant"), without });
    comparisons.push(await compare(cached(`without: ${without}`, program), baseline, pairs));
  }
  // A flag that the fast path does not know has Cliffy parse the arguments.
  const slow = { ...baseline, name: "without: the fast path", command: [whole, "--verbose", ...CACHED] };
  comparisons.push(await compare(slow, baseline, pairs));
  return { comparisons, remarks: [] };
}

/** Compares this version with other executables. */
async function benchAgainst(executables: readonly string[], pairs: number): Promise<Measurements> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bench-" });
  try {
    const executable = await compile({ output: join(folder, "entra-auth-cli") });
    const comparisons: Comparison[] = [];
    for (const other of executables) {
      say(`comparing with ${other}`);
      const baseline = { name: basename(other), executable: await Deno.realPath(other) };
      comparisons.push(...await compareExecutables({ name: "this version", executable }, baseline, pairs));
    }
    return { comparisons, remarks: [] };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function parsePairs(text: string): number {
  const pairs = Number(text);
  if (Number.isSafeInteger(pairs) && pairs > 0) return pairs;
  throw new Error(`Invalid --pairs "${text}": expected a positive integer`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      pairs: { type: "string", default: "20" },
      mechanisms: { type: "boolean", default: false },
      against: { type: "string", multiple: true, default: [] },
    },
  });
  const pairs = parsePairs(values.pairs);
  const { comparisons, remarks } = values.against.length > 0
    ? await benchAgainst(values.against, pairs)
    : await (values.mechanisms ? benchMechanisms : bench)(pairs);
  print(formatTable(comparisons));
  for (const remark of remarks) print(`\n${remark}`);
  const { os, arch } = Deno.build;
  print(
    `\nDeno ${Deno.version.deno} on ${os} ${arch}, ${navigator.hardwareConcurrency} cores, ${pairs} pairs each`,
  );
}
