/**
 * Bundles the program: few files that load fast instead of hundreds. What the source loads late stays apart, and is
 * loaded late from the bundle too.
 *
 * Run by itself, makes the one module of a release that `deno run` starts from a URL: `dist/entra-auth-cli.js`.
 */

import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { currentImportMap, flagsFromEnvironment, flagsWithoutImportMap } from "./bundle/import_map.ts";
import { escapeModules } from "./bundle/escape_text.ts";
import { compileAtOnce } from "./bundle/compile_at_once.ts";
import { gatherStart } from "./bundle/gather_start.ts";
import { nameFiles } from "./bundle/name_files.ts";
import { stampCommit } from "./bundle/stamp_commit.ts";
import { say } from "../offline/npm_package.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));

/**
 * Kept apart, each as a module of this name: they are made for Node, and what is bundled with them would load Node's
 * modules too at every start.
 */
const KEPT_APART: Readonly<Record<string, string>> = {
  "@azure/msal-node": "msal",
  "node-forge": "forge",
};

const MAIN = "main.js";

/** Runs `deno bundle`. Throws an `Error` with what it said. */
async function denoBundle(args: readonly string[], cwd = TOP): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=deno", "--minify", ...args],
    cwd,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n").trim();
  throw new Error(`Cannot bundle: ${said}`);
}

/** Bundles the program into `folder`, and gives the path of the module to start. Throws an `Error` with what Deno said where that fails. */
export async function bundle(folder: string): Promise<string> {
  const flags = flagsFromEnvironment();
  await bundleProgram(folder);
  for (const name of Object.values(KEPT_APART)) {
    const output = join(folder, `${name}.js`);
    await denoBundle([...flags, `--output=${output}`, `scripts/build/bundle/${name}.ts`]);
    await giveRequire(output);
  }
  const paths = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name));
  await stampCommit(paths);
  // An executable keeps the times of its files: two of the same commit are to be the same bytes.
  for (const path of paths) await Deno.utime(path, 0, 0);
  return join(folder, MAIN);
}

/** Bundles what is not kept apart into `folder`. */
async function bundleProgram(folder: string): Promise<void> {
  const options = ["--code-splitting", ...Object.keys(KEPT_APART).map((kept) => `--external=${kept}`)];
  const parts = await Deno.makeTempDir({ prefix: "entra-auth-cli-parts-" });
  try {
    await denoBundle([...flagsFromEnvironment(), ...options, `--outdir=${parts}`, "main.ts"]);
    await gatherStart(parts, join(parts, MAIN));
    // From there: the files' names would differ each time with the path to what they are made from.
    await denoBundle(["--no-config", ...options, `--outdir=${folder}`, MAIN], parts);
    await escapeModules(folder);
    await nameFiles(folder, KEPT_APART);
    await compileAtOnce(folder, MAIN);
  } finally {
    await Deno.remove(parts, { recursive: true });
  }
}

/** What is made for Node asks for Node's modules by `require`, which Deno 2.6 doesn't give to what it bundles. */
async function giveRequire(path: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  if (!text.includes("Dynamic require of") || text.includes("createRequire")) return;
  const given = `import { createRequire } from "node:module";const require=createRequire(import.meta.url);`;
  await Deno.writeTextFile(path, given + text);
}

/**
 * Bundles the program into the one module `output`, which can be loaded from anywhere. Throws an `Error` with what Deno
 * said where that fails.
 *
 * What is kept apart is left to Deno to fetch from npm when it is needed: what is bundled of it would ask for files
 * beside the module, and a URL has none.
 */
export async function bundleIntoOne(output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bundle-" });
  try {
    const { imports, scopes } = await currentImportMap();
    const packages = await packagesKeptApart();
    const late: Record<string, string> = {};
    for (const { target, name, npm } of packages) {
      late[target] = `./late_${name}.ts`;
      await Deno.writeTextFile(join(folder, `late_${name}.ts`), await lateModule(name, npm));
    }
    const map = join(folder, "import_map.json");
    await Deno.writeTextFile(map, JSON.stringify({ imports: { ...imports, ...late }, scopes }));
    await Deno.mkdir(dirname(output), { recursive: true });
    const flags = [...flagsWithoutImportMap(), `--import-map=${map}`];
    const external = packages.map(({ npm }) => `--external=${npm}`);
    await denoBundle([...flags, ...external, `--output=${output}`, "main.ts"]);
    await stampCommit([output]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A module that gives what the package `npm` does, and loads it no sooner than it is loaded itself. */
async function lateModule(name: string, npm: string): Promise<string> {
  const names = Object.keys(await import(`./bundle/${name}.ts`));
  const named = names.filter((exported) => exported !== "default");
  return [
    `const loaded = await import("${npm}");`,
    ...(named.length === 0 ? [] : [`export const { ${named.join(", ")} } = loaded;`]),
    ...(names.includes("default") ? ["export default loaded.default;"] : []),
    "",
  ].join("\n");
}

/** What is kept apart: how the program calls it, its module, and the npm package with its version. */
async function packagesKeptApart(): Promise<{ target: string; name: string; npm: string }[]> {
  const { imports } = JSON.parse(await Deno.readTextFile(join(TOP, "deno.json")));
  return Object.entries(KEPT_APART).map(([target, name]) => ({ target, name, npm: imports[target] }));
}

if (import.meta.main) {
  const output = join(TOP, "dist", "entra-auth-cli.js");
  await bundleIntoOne(output);
  say(`made ${output}`);
}
