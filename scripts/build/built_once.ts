/** Builds into the ignored folder what several scripts and tests use, unless it is there and made from the same source. */

import { encodeHex } from "@std/encoding/hex";
import { fromFileUrl } from "@std/path/from-file-url";
import { DEV_FOLDER, hasStamp, makeFolderOnce, say } from "../offline/npm_package.ts";
import { bundle } from "./bundle.ts";
import { currentBuild } from "./bundle/stamp_build.ts";
import { compileAll } from "./compile.ts";
import { defaultOutput, type Target, TARGETS } from "./compile/targets.ts";

const TOP = new URL("../../", import.meta.url);

/** What a build is made from. */
const SOURCES = [
  "deno.json",
  "main.ts",
  "src/",
  "scripts/build/built_once.ts",
  "scripts/build/bundle.ts",
  "scripts/build/bundle/",
  "scripts/build/compile.ts",
  "scripts/build/compile/",
  "scripts/check/test_runtime.ts",
];

/** The paths of the main modules of a bundle. */
export interface TestBundle {
  /** As a release has it. */
  readonly main: string;
  /** Starts in half the time, but needs the permission to read what it loads late. */
  readonly quickMain: string;
}

/** Bundles the program. */
export async function bundleOnce(): Promise<TestBundle> {
  const folder = new URL("test_bundle/", DEV_FOLDER);
  await makeFolderOnce(folder, await sourceDigest(), async (draft) => {
    await bundle(fromFileUrl(draft).replace(/[/\\]$/, ""));
    await copyUnfollowed(draft, new URL("quick/", draft));
  });
  return {
    main: fromFileUrl(new URL("main.js", folder)),
    quickMain: fromFileUrl(new URL("quick/main.js", folder)),
  };
}

/**
 * Copies a bundle so that Deno reads what is loaded late when it is loaded, not at each start: it follows the imports whose
 * specifier is a literal.
 */
async function copyUnfollowed(from: URL, to: URL): Promise<void> {
  const modules = (await Array.fromAsync(Deno.readDir(from))).filter(({ isFile }) => isFile);
  await Deno.mkdir(to);
  for (const { name } of modules) {
    const text = await Deno.readTextFile(new URL(name, from));
    const unfollowed = text.replaceAll(/\bimport\(("\.\/[^"]+")\)/g, 'import($1+"")');
    await Deno.writeTextFile(new URL(name, to), unfollowed);
  }
}

const EXECUTABLES = new URL("executables/", DEV_FOLDER);

function executableIn(folder: URL, target: Target): string {
  return fromFileUrl(new URL(defaultOutput(target).replace("dist/", ""), folder));
}

async function executablesStamp(): Promise<string> {
  return JSON.stringify([await sourceDigest(), await currentBuild()]);
}

/** Makes the executables of a release for all targets. Returns their paths. */
export async function executablesOnce(): Promise<Readonly<Record<Target, string>>> {
  await makeFolderOnce(EXECUTABLES, await executablesStamp(), async (draft) => {
    await compileAll(TARGETS.map((target) => ({ target, output: executableIn(draft, target) })));
  });
  const paths = TARGETS.map((target) => [target, executableIn(EXECUTABLES, target)]);
  return Object.fromEntries(paths);
}

/** Returns the path of this machine's executable, or null if {@linkcode executablesOnce} has not made it. */
export async function madeExecutable(): Promise<string | null> {
  const target = TARGETS.find((each) => each === Deno.build.target);
  const isMade = target !== undefined && await hasStamp(EXECUTABLES, await executablesStamp());
  return isMade ? executableIn(EXECUTABLES, target) : null;
}

async function sourceDigest(): Promise<string> {
  const files = (await Promise.all(SOURCES.map((path) => listFiles(new URL(path, TOP))))).flat();
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

if (import.meta.main) {
  for (const path of Object.values(await executablesOnce())) say(`made ${path}`);
}
