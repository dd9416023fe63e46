/**
 * Resolves the `jsr:` names of `deno.json` from npm, for machines that reach npm but not JSR.
 *
 * `deno-std` is std compiled to JavaScript by a third party; `windmill-cli` carries a third party's fork of Cliffy
 * 1.0.0-rc.5 with its types. Both are unpacked into the ignored folder `.dev/`, and `.dev/import_map.json` points the
 * bare names at them. For development and tests only: a release is made from JSR's packages, as `deno.json` says.
 *
 * Run by `scripts/dev.sh`; needs `npm` and `tar`. Cheap when everything is in place already.
 */

import { DEV_FOLDER, makeFolderOnce, type PinnedPackage, unpackFromNpm } from "./npm_package.ts";

const STD: PinnedPackage = {
  name: "deno-std",
  version: "1.4.0",
  contains: "std",
  integrity:
    "sha512-7c0Y6tyn0Sx0NKiaAeGtDwrpG+C7VFcOStVcYXPnjAuIEonxzVV+n6s8iuFjg6keqzxo/zrPbR/J9EY9BLNsRA==",
};

const CLIFFY: PinnedPackage = {
  name: "windmill-cli",
  version: "1.596.0",
  contains: "Cliffy",
  integrity:
    "sha512-5aFVNTOEaGyTKyQlyjFI1FAZ8fTIQ2vGSmnqL3FfZuKpKWdqGXh8p9Azdp8N2MkIwyP1vYtOK9nfQk6jr6tRTw==",
};

/** Increment `layout` after a change to the output of this script, so that existing folders are made again. */
const STAMP = JSON.stringify({ layout: 5, std: STD.integrity, cliffy: CLIFFY.integrity });

/** The members of the package that contain Cliffy: its dependencies and the shims that they import. */
const CLIFFY_MEMBERS = ["esm/deps", "esm/_dnt.shims.js", "types/deps", "types/_dnt.shims.d.ts"];

/** The import names of Cliffy with their modules. */
const CLIFFY_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  "@cliffy/command": ["command/mod"],
  "@cliffy/command/completions": ["command/completions/mod"],
  "@cliffy/table": ["table/mod"],
};

/**
 * Signatures of the std modules in use, because npm has std without types: code that passes the type check here must pass
 * with the real packages as well. A module without a file here has the types that TypeScript infers from its code.
 */
const STD_TYPES = new URL("std_types/", import.meta.url);
const TYPED = new URL("std_typed/", DEV_FOLDER);
const UNPACKED = new URL("jsr/", DEV_FOLDER);
const IMPORT_MAP = new URL("import_map.json", DEV_FOLDER);

/** Yields every file in `folder`, as a relative path with forward slashes. */
async function* filesBelow(folder: URL, prefix = ""): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* filesBelow(new URL(`${entry.name}/`, folder), `${prefix}${entry.name}/`);
    else yield prefix + entry.name;
  }
}

/** Rewrites every file in `folder` whose name ends in `ending`. */
async function rewriteFiles(folder: URL, ending: string, rewrite: (text: string) => string): Promise<void> {
  for await (const path of filesBelow(folder)) {
    if (!path.endsWith(ending)) continue;
    const file = new URL(path, folder);
    await Deno.writeTextFile(file, rewrite(await Deno.readTextFile(file)));
  }
}

/** Declarations have their own tree here, without JavaScript files that `./x.js` could refer to. */
function pointAtDeclarations(text: string): string {
  return text.replace(/((?:from|import)\s*\(?\s*["']\.\.?\/[^"']*)\.js(["'])/g, "$1.d.ts$2");
}

/**
 * The compiled std has no types. TypeScript treats every parameter of plain JavaScript as optional, except those that a
 * comment names with `@param`.
 */
function makeParametersOptional(text: string): string {
  return text.replace(/^(\s*\*\s*)@param\b/gm, "$1Parameter:");
}

/** Returns the path of each Cliffy module in `esm/` by its plain name (`command/mod`). */
async function findCliffyModules(cliffy: URL): Promise<Map<string, string>> {
  const modules = new Map<string, string>();
  // The path contains the host before the package and the version after it.
  const pattern = /^.*\/cliffy-([a-z]+)\/[^/]+\/(.+)\.js$/;
  for await (const path of filesBelow(new URL("esm/", cliffy))) {
    const match = pattern.exec(path);
    if (match) modules.set(`${match[1]}/${match[2]}`, path.slice(0, -".js".length));
  }
  return modules;
}

function entryFile(bareName: string): string {
  return `${bareName.slice(1).replaceAll("/", "_")}.ts`;
}

/** Writes a module per Cliffy name that joins the code and its declarations. */
async function writeCliffyEntries(folder: URL): Promise<void> {
  const modules = await findCliffyModules(new URL("cliffy/", folder));
  for (const [bareName, parts] of Object.entries(CLIFFY_ENTRIES)) {
    const lines = parts.map((part) => {
      const path = modules.get(part);
      if (path === undefined) throw new Error(`Cannot find Cliffy's ${part} in ${CLIFFY.name}`);
      return `// @ts-types="./cliffy/types/${path}.d.ts"\nexport * from "./cliffy/esm/${path}.js";\n`;
    });
    await Deno.writeTextFile(new URL(entryFile(bareName), folder), lines.join(""));
  }
  await Deno.writeTextFile(new URL("deno_shim.ts", folder), "export import Deno = globalThis.Deno;\n");
}

/** Returns the imports of `deno.json`. */
async function configuredImports(): Promise<Record<string, string>> {
  return JSON.parse(await Deno.readTextFile(new URL("../deno.json", DEV_FOLDER))).imports;
}

/** Replaces the file atomically and only if it changes, because other runs may read it. */
async function replaceText(file: URL, text: string): Promise<void> {
  if (await Deno.readTextFile(file).catch(() => undefined) === text) return;
  const draft = new URL(`${file.href}.${crypto.randomUUID()}`);
  await Deno.writeTextFile(draft, text);
  await Deno.rename(draft, file);
}

/** Returns the target of the std module at `path`: the module itself, or one that joins it with its signatures. */
async function stdTarget(path: string, typed: ReadonlySet<string>): Promise<string> {
  const types = path.replace(/\.js$/, ".d.ts");
  if (!typed.has(types)) return `./jsr/std/${path}`;
  const entry = path.replaceAll("/", "_").replace(/\.js$/, ".ts");
  const text =
    `// @ts-types="../../scripts/offline/std_types/${types}"\nexport * from "../jsr/std/${path}";\n`;
  await replaceText(new URL(entry, TYPED), text);
  return `./std_typed/${entry}`;
}

/** Returns the import map entries of std: `path/posix/join.js` is `@std/path/posix/join`. Names with an underscore are private. */
async function stdImports(packages: readonly string[]): Promise<Record<string, string>> {
  const imports: Record<string, string> = {};
  const typed = new Set<string>();
  for await (const path of filesBelow(STD_TYPES)) typed.add(path);
  await Deno.mkdir(TYPED, { recursive: true });
  for await (const path of filesBelow(new URL("std/", UNPACKED))) {
    if (!path.endsWith(".js") || /(^|\/)_/.test(path)) continue;
    const name = `@std/${path.slice(0, -".js".length).replace(/\/mod$/, "").replaceAll("_", "-")}`;
    const isConfigured = packages.some((known) => name === known || name.startsWith(`${known}/`));
    if (isConfigured) imports[name] = await stdTarget(path, typed);
  }
  return imports;
}

/** Returns the `npm:` entries with their subpaths, which an import map must list. */
function npmImports(configured: Record<string, string>): Record<string, string> {
  const imports: Record<string, string> = {};
  for (const [name, target] of Object.entries(configured)) {
    if (!target.startsWith("npm:")) continue;
    imports[name] = target;
    imports[`${name}/`] = `${target.replace(/^npm:\/?/, "npm:/")}/`;
  }
  return imports;
}

async function writeImportMap(): Promise<void> {
  const configured = await configuredImports();
  // Only the names in deno.json, so that a missing name is an error on this machine, too.
  const imports = await stdImports(Object.keys(configured));
  for (const name of Object.keys(CLIFFY_ENTRIES)) imports[name] = `./jsr/${entryFile(name)}`;
  imports["@deno/shim-deno"] = "./jsr/deno_shim.ts";
  Object.assign(imports, npmImports(configured));
  const sorted = Object.fromEntries(Object.entries(imports).sort(([a], [b]) => a < b ? -1 : 1));
  await replaceText(IMPORT_MAP, JSON.stringify({ imports: sorted }, undefined, 2) + "\n");
}

await makeFolderOnce(UNPACKED, STAMP, async (draft) => {
  await unpackFromNpm(STD, draft, "std");
  await rewriteFiles(new URL("std/", draft), ".js", makeParametersOptional);
  await unpackFromNpm(CLIFFY, draft, "cliffy", CLIFFY_MEMBERS);
  await rewriteFiles(new URL("cliffy/types/", draft), ".d.ts", pointAtDeclarations);
  await writeCliffyEntries(draft);
});
await writeImportMap();
