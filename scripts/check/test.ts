/**
 * Runs `deno test` over `tests/`, or over the named files and folders, and passes other arguments on. Tests run in parallel
 * (`DENO_JOBS` sets the number of files at a time) and must leave neither operations nor resources.
 *
 * A run of everything starts the program from a bundle, which takes half the time of a start from the source. `--bundle`
 * does the same for named files.
 */

import { encodeHex } from "@std/encoding/hex";
import { fromFileUrl } from "@std/path/from-file-url";
import { signingKey } from "../../tests/support/provider/signing_key.ts";
import { bundle } from "../build/bundle.ts";
import { DEV_FOLDER, makeFolderOnce, say } from "../offline/npm_package.ts";
import { findChromium } from "./find_chromium.ts";

const TOP = new URL("../../", import.meta.url);

/** What a bundle is made from. */
const BUNDLE_SOURCES = ["deno.json", "main.ts", "src/", "scripts/build/"];

/** Deno 2.8 introduced the flags and turned the leak checks off by default. Older versions always check. */
function leakChecks(version: string): string[] {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const hasFlags = major > 2 || (major === 2 && minor >= 8);
  return hasFlags ? ["--sanitize-ops", "--sanitize-resources"] : [];
}

/** Reports whether any argument names a file or folder, and not only flags and their values. */
async function namesTests(args: readonly string[]): Promise<boolean> {
  for (const arg of args) {
    if (arg.startsWith("-")) continue;
    if (await Deno.stat(arg).then(() => true, () => false)) return true;
  }
  return false;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(/\s+/).filter(Boolean);
}

/** Bundles the program into the ignored folder, unless a bundle of the same source is there. Returns the main module. */
async function bundleOnce(): Promise<string> {
  const folder = new URL("test_bundle/", DEV_FOLDER);
  await makeFolderOnce(folder, await sourceDigest(), async (draft) => {
    await bundle(fromFileUrl(draft).replace(/[/\\]$/, ""));
  });
  return fromFileUrl(new URL("main.js", folder));
}

async function sourceDigest(): Promise<string> {
  const files = (await Promise.all(BUNDLE_SOURCES.map((path) => listFiles(new URL(path, TOP))))).flat();
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(file)));
  const text = JSON.stringify([Deno.version.deno, Deno.env.get("DENO_FLAGS"), files, texts]);
  return encodeHex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
}

async function listFiles(path: URL): Promise<URL[]> {
  if (!path.href.endsWith("/")) return [path];
  const entries = await Array.fromAsync(Deno.readDir(path));
  const names = entries.map(({ name, isDirectory }) => isDirectory ? `${name}/` : name).toSorted();
  return (await Promise.all(names.map((name) => listFiles(new URL(name, path))))).flat();
}

/** Makes once what every test file would otherwise make again: the provider's RSA key and the bundle. */
async function makeShared(usesBundle: boolean): Promise<Record<string, string>> {
  const [{ jwk }, main] = await Promise.all([signingKey(), usesBundle ? bundleOnce() : undefined]);
  const key = { ENTRA_AUTH_CLI_TEST_SIGNING_KEY: JSON.stringify(jwk) };
  return main === undefined ? key : { ...key, ENTRA_AUTH_CLI_BUNDLE: main };
}

const args = Deno.args.filter((arg) => arg !== "--bundle");
const isNamed = await namesTests(args);
const usesBundle = args.length < Deno.args.length || !isNamed;
const sharesKey = usesBundle || Deno.env.has("ENTRA_AUTH_CLI_EXECUTABLE");
const chromium = await findChromium();
if (chromium === undefined) {
  say("Chromium not found: the tests that sign in through a real browser are ignored");
}
const command = new Deno.Command(Deno.execPath(), {
  args: [
    "test",
    ...words(Deno.env.get("DENO_FLAGS")),
    "--allow-all",
    "--parallel",
    ...leakChecks(Deno.version.deno),
    ...args,
    ...(isNamed ? [] : ["tests/"]),
  ],
  env: {
    ...(sharesKey ? await makeShared(usesBundle) : {}),
    ...(chromium === undefined ? {} : { CHROMIUM_BIN: chromium }),
  },
  stdin: "null",
});
// Ctrl-C reaches the tests as well. They clean up, and this process waits for them.
if (Deno.build.os !== "windows") Deno.addSignalListener("SIGINT", () => {});
Deno.exit((await command.spawn().status).code);
