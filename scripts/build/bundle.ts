/**
 * Bundles the program: few files that load fast instead of hundreds. What the source loads late stays apart, and is
 * loaded late from the bundle too.
 *
 * Run by itself, makes the one module of a release that `deno run` starts from a URL: `dist/entra-auth-cli.js`.
 */

import { dirname } from "@std/path/dirname";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";
import { currentImportMap, flagsFromEnvironment, flagsWithoutImportMap } from "./bundle/import_map.ts";
import { escapeModules, escapeText } from "./bundle/escape_text.ts";
import { compileAtOnce } from "./bundle/compile_at_once.ts";
import { gatherStart } from "./bundle/gather_start.ts";
import { nameChunks } from "./bundle/name_chunks.ts";
import { nameFiles } from "./bundle/name_files.ts";
import { stampBuild } from "./bundle/stamp_build.ts";
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

/** What stands in for what MSAL imports. */
const NODE_OF_MSAL = "scripts/build/bundle/node_of_msal.ts";

/** What MSAL imports of Node and of other packages, and the bundle leaves out. */
export const IMPORTS_OF_MSAL: readonly string[] = [
  "crypto",
  "node:crypto",
  "fs",
  "http",
  "path",
  "jsonwebtoken",
];

const MAIN = "main.js";

/**
 * Mechanisms that make an executable start faster. docs/performance.md lists their gains, as measured by
 * `bench.ts --mechanisms`.
 */
export const MECHANISMS = [
  "modules of the start in one file",
  "ASCII only",
  "functions compiled with the module",
  "no-sparkplug",
  "single-threaded",
] as const;

export type Mechanism = typeof MECHANISMS[number];

/** Has the bundler write what is loaded late into modules of their own, and leave out what is kept apart. */
const SPLITTING: readonly string[] = [
  "--code-splitting",
  ...Object.keys(KEPT_APART).map((kept) => `--external=${kept}`),
];

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

/**
 * Bundles the program into `folder`, and returns the path of the module to start.
 *
 * @param without A mechanism to leave out, to measure its gain.
 * @param repository The OWNER/NAME on GitHub of a release.
 * @throws An `Error` with the output of Deno if it fails.
 */
export async function bundle(folder: string, without?: Mechanism, repository?: string): Promise<string> {
  await bundleProgram(folder, without);
  for (const name of Object.values(KEPT_APART)) {
    const output = join(folder, `${name}.js`);
    await bundleApart(name, output);
    await giveRequire(output);
  }
  const paths = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name));
  await stampBuild(paths, repository);
  // An executable keeps the times of its files: two of the same commit are to be the same bytes.
  for (const path of paths) await Deno.utime(path, 0, 0);
  return join(folder, MAIN);
}

/**
 * Returns the addresses of the modules whose code is in the bundle, as the bundler's source maps have them: relative to
 * the folder of the bundle, or absolute.
 */
export async function bundledModules(): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-maps-" });
  try {
    const options = ["--sourcemap=external", ...flagsFromEnvironment()];
    await denoBundle([...options, ...SPLITTING, `--outdir=${folder}`, "main.ts"]);
    for (const name of Object.values(KEPT_APART)) {
      await denoBundle(["--sourcemap=external", ...argumentsApart(name, join(folder, `${name}.js`))]);
    }
    const sources: string[] = [];
    for await (const { name } of Deno.readDir(folder)) {
      if (!name.endsWith(".map")) continue;
      sources.push(...JSON.parse(await Deno.readTextFile(join(folder, name))).sources);
    }
    return [...new Set(sources)].sort();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Bundles what is not kept apart into `folder`. */
async function bundleProgram(folder: string, without: Mechanism | undefined): Promise<void> {
  const parts = await Deno.makeTempDir({ prefix: "entra-auth-cli-parts-" });
  try {
    await denoBundle([...flagsFromEnvironment(), ...SPLITTING, `--outdir=${parts}`, "main.ts"]);
    await nameChunks(parts);
    if (without !== "modules of the start in one file") {
      await gatherStart(parts, join(parts, MAIN), ["app", "create_system"]);
    }
    // From there: the files' names would differ each time with the path to what they are made from.
    await denoBundle(["--no-config", ...SPLITTING, `--outdir=${folder}`, MAIN], parts);
    if (without !== "ASCII only") await escapeModules(folder);
    await nameFiles(folder, KEPT_APART);
    if (without !== "functions compiled with the module") await compileAtOnce(folder, MAIN);
  } finally {
    await Deno.remove(parts, { recursive: true });
  }
}

/** Bundles into the module `output` what is kept apart by this name. */
async function bundleApart(name: string, output: string): Promise<void> {
  if (name !== "msal") return await denoBundle(argumentsApart(name, output));
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-msal-" });
  try {
    const bare = join(folder, "bare.js");
    await denoBundle(argumentsApart(name, bare));
    const standIn = toFileUrl(join(TOP, NODE_OF_MSAL)).href;
    // The global variable, for which Deno 2.9 loads two dozen modules.
    const buffer = "node:buffer";
    await Deno.writeTextFile(bare, `import {Buffer} from "${buffer}";${await Deno.readTextFile(bare)}`);
    // Deno writes "fs" as "node:fs" in places.
    const specifiers = [buffer, ...IMPORTS_OF_MSAL.flatMap((specifier) => [specifier, `node:${specifier}`])];
    const { imports: packages, scopes } = await currentImportMap();
    const standIns = Object.fromEntries(specifiers.map((specifier) => [specifier, standIn]));
    const map = join(folder, "import_map.json");
    await Deno.writeTextFile(map, JSON.stringify({ imports: { ...packages, ...standIns }, scopes }));
    await denoBundle(["--no-config", "--no-lock", `--import-map=${map}`, `--output=${output}`, bare]);
    const text = await Deno.readTextFile(output);
    const left = [...text.matchAll(/(?:from|import) ?"([\w:]+)"/g)].map(([, specifier]) => specifier)
      .filter((specifier) => specifier !== "node:process");
    if (left.length > 0) throw new Error(`Cannot bundle: MSAL imports ${left.join(", ")}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function argumentsApart(name: string, output: string): string[] {
  const external = name === "msal" ? IMPORTS_OF_MSAL.map((specifier) => `--external=${specifier}`) : [];
  return [...flagsFromEnvironment(), ...external, `--output=${output}`, `scripts/build/bundle/${name}.ts`];
}

/** Gives a module for Node the function `require`, which the bundler of Deno 2.7 does not provide. */
async function giveRequire(path: string): Promise<void> {
  const text = await Deno.readTextFile(path);
  if (!text.includes("Dynamic require of") || text.includes("createRequire")) return;
  const given = `import { createRequire } from "node:module";const require=createRequire(import.meta.url);`;
  await Deno.writeTextFile(path, given + text);
}

/**
 * Bundles the program into the one module `output`, which can be loaded from anywhere and loads no other. Throws an
 * `Error` with what Deno said where that fails.
 *
 * What is kept apart becomes a text in it, a module that is made when it is needed: a string costs the start nothing,
 * where its code would have to be read, and would load Node's modules.
 */
export async function bundleIntoOne(output: string, repository?: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bundle-" });
  try {
    const { imports, scopes } = await currentImportMap();
    const late: Record<string, string> = {};
    for (const [target, name] of Object.entries(KEPT_APART)) {
      late[target] = `./late_${name}.ts`;
      await Deno.writeTextFile(join(folder, `late_${name}.ts`), await lateModule(name, folder));
    }
    const map = join(folder, "import_map.json");
    await Deno.writeTextFile(map, JSON.stringify({ imports: { ...imports, ...late }, scopes }));
    await Deno.mkdir(dirname(output), { recursive: true });
    await denoBundle([...flagsWithoutImportMap(), `--import-map=${map}`, `--output=${output}`, "main.ts"]);
    await Deno.writeTextFile(output, escapeText(await Deno.readTextFile(output)));
    await stampBuild([output], repository);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A module that exports what the bundle `name` exports, and evaluates it no sooner than it is evaluated itself. */
async function lateModule(name: string, folder: string): Promise<string> {
  const bundled = join(folder, `${name}.js`);
  await bundleApart(name, bundled);
  const text = withoutFiles(await Deno.readTextFile(bundled));
  const names = Object.keys(await import(`./bundle/${name}.ts`));
  const named = names.filter((exported) => exported !== "default");
  return [
    `const text = ${JSON.stringify(text)};`,
    // Not a data URL, which would be in every stack trace.
    'const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));',
    "const loaded = await import(url);",
    "URL.revokeObjectURL(url);",
    ...(named.length === 0 ? [] : [`export const { ${named.join(", ")} } = loaded;`]),
    ...(names.includes("default") ? ["export default loaded.default;"] : []),
    "",
  ].join("\n");
}

/**
 * The bundle `code` with a `require` for Node's modules alone. The bundler's looks for files beside the module, and
 * throws for a module that is not a file.
 */
export function withoutFiles(code: string): string {
  const builtin = "(name)=>__process.getBuiltinModule(name);";
  const bundlers =
    /import ?\{ ?createRequire as (\w+) ?\} ?from ?"node:module";(var [\w$]+=)\1\(import\.meta\.url\);/;
  let given = code.replace(
    bundlers,
    (_whole, _name, declared) => `import __process from "node:process";${declared}${builtin}`,
  );
  // The bundler of Deno 2.7 has none, and takes one that is there.
  if (given === code && code.includes("Dynamic require of")) {
    given = `import __process from "node:process";const require=${builtin}${code}`;
  }
  if (/createRequire|import\.meta/.test(given)) {
    throw new Error("Cannot bundle into one module: the bundle looks for files beside it");
  }
  return given;
}

if (import.meta.main) {
  const output = join(TOP, "dist", "entra-auth-cli.js");
  await bundleIntoOne(output);
  say(`made ${output}`);
}
