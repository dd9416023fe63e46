/**
 * Times the program on this machine: `bench.ts [--pairs N]`. Signs in once at a provider that runs here, then runs each
 * command and what it is compared with in turn. What counts is the ratio: both have the same machine under them.
 */

import { encodeBase64 } from "@std/encoding/base64";
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
import { fillStore } from "./fill_store.ts";
import { compare, type Comparison, formatTable, type TimedCommand } from "./compare.ts";
import { applicationOf, findPeers, SCOPE } from "./peers.ts";
import { timeProvider } from "./provider_answer.ts";
import { peakMemory, timeAtOnce } from "./resources.ts";
import { compile } from "../build/compile.ts";
import { compilePlainly } from "../build/compile/deno_compile.ts";
import { say } from "../offline/npm_package.ts";

/** How many cached calls run at once. */
const AT_ONCE = 50;
/** How many profiles there are in the store with many. */
const MANY = 1000;
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
  await compilePlainly("scripts/bench/hello_world.ts", helloWorld);
  return { program, helloWorld };
}

/** A store of its own that is like the sandbox's, with what its key's guardian needs to be known by. */
interface OtherStore {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Copies the sandbox's store for each guardian that can be had here, and moves its key there. */
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

async function storeWithManyProfiles(sandbox: Sandbox): Promise<string> {
  const home = join(sandbox.folder, "home-with-many-profiles");
  await copy(sandbox.home, home);
  await fillStore(home, MANY);
  return home;
}

/** What was measured, as a table and as sentences. */
interface Measurements {
  readonly comparisons: readonly Comparison[];
  readonly remarks: readonly string[];
}

/** How much memory a cached call takes, and how many of them at once. */
async function remarksOn(cached: TimedCommand, hello: TimedCommand): Promise<string[]> {
  const [memory, least] = [await peakMemory(cached), await peakMemory(hello)];
  const singleMs = await timeAtOnce(cached, 1);
  const togetherMs = await timeAtOnce(cached, AT_ONCE);
  const speedUp = AT_ONCE * singleMs / togetherMs;
  return [
    memory === null || least === null
      ? "Peak memory: not measured, for GNU time is not here."
      : `Peak memory of a cached get-token: ${memory.toFixed(0)} MiB, ${
        (memory / least).toFixed(2)
      } times that of hello-world.`,
    `${AT_ONCE} cached calls at once: ${togetherMs.toFixed(0)} ms, ${
      speedUp.toFixed(1)
    } times as fast as one by one.`,
  ];
}

/** Times with the provider running first, then what has to be as quick without it. */
async function bench(pairs: number): Promise<Measurements> {
  await using sandbox = await openSandbox({ applications: [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION] });
  await using session = hasNoSecretService ? null : await openSecretService();
  if (session === null) {
    say("no gnome-keyring, dbus and secret-tool here: the Secret Service is not measured");
  }
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
    command: insteadOfMain(source, "./empty.ts"),
    env,
  };
  const loadMsal = {
    name: "loading MSAL alone",
    command: insteadOfMain(source, "./load_msal.ts"),
    env,
  };
  const hello = { name: "compiled hello-world", command: [helloWorld], env };
  const refresh = { name: "refresh, executable", command: [program, ...REFRESH], env };

  const refreshed = await time(refresh, compiled);
  const answerMs = await timeProvider(sandbox.provider, pairs);
  const asApplication = await applicationOf(sandbox, program, env);
  const peers: Comparison[] = [];
  for (const peer of await findPeers(sandbox, env)) peers.push(await time(peer, asApplication));
  await using azureCli = await openAzureCli(sandbox.provider, SCOPE, inheritedVariables());
  if (azureCli !== null) {
    // In this order: what the first leaves running has ended when the other is over.
    for (const az of [azureCli.asShipped, azureCli.withoutTelemetry]) {
      peers.push(await time(az, asApplication));
    }
  }
  await sandbox.provider.stop();
  const manyProfiles = await storeWithManyProfiles(sandbox);
  const withMany = {
    name: `cached get-token, executable, ${MANY} profiles`,
    command: [program, ...CACHED],
    env: { ...env, ENTRA_AUTH_CLI_HOME: manyProfiles },
  };
  const keyFile = { ...compiled, name: "the same with the key file" };
  const keyStores: Comparison[] = [];
  for (const store of await moveKeys(sandbox, session)) {
    const name = `cached get-token, executable, key kept by ${store.name}`;
    keyStores.push(await time({ ...compiled, name, env: { ...env, ...store.env } }, keyFile));
  }
  if (session !== null) {
    // What the guardian costs by itself: the program that it asks.
    const command = ["secret-tool", "search", "service", KEY_SERVICE];
    const alone = { name: "secret-tool alone", command, env: { ...env, ...session.env } };
    keyStores.push(await time(alone, keyFile));
  }
  const comparisons = [
    await time(fromSource, bareStart),
    await time(compiled, hello),
    await time(withMany, { ...compiled, name: "the same with one profile" }),
    ...keyStores,
    refreshed,
    await time(loadMsal, bareStart),
    ...peers,
  ];
  const addedMs = refreshed.medianMs - answerMs;
  return {
    comparisons,
    remarks: [
      `A refresh adds ${addedMs.toFixed(0)} ms to the ${
        answerMs.toFixed(0)
      } ms that the provider takes for its two answers.`,
      ...await remarksOn(compiled, hello),
    ],
  };
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
  const { comparisons, remarks } = await bench(pairs);
  print(formatTable(comparisons));
  for (const remark of remarks) print(`\n${remark}`);
  const { os, arch } = Deno.build;
  print(
    `\nDeno ${Deno.version.deno} on ${os} ${arch}, ${navigator.hardwareConcurrency} cores, ${pairs} pairs each`,
  );
}
