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
import { stampCommit } from "./bundle/stamp_commit.ts";
import { say } from "./npm_package.ts";

const TOP = fromFileUrl(new URL("../", import.meta.url));

/** Kept apart: it needs Node's modules, and what is bundled with it would load them too at every start. */
const MSAL = "@azure/msal-node";

/** What to bundle. */
export interface BundleOptions {
  /** The program; `main.ts` by default. A path from the top folder. */
  readonly entry?: string;
  /** The folder to fill, which is there. */
  readonly folder: string;
}

/** A bundle, ready to be compiled. */
export interface Bundle {
  /** Path of the module to start. */
  readonly main: string;
  /** Path of the configuration that resolves what the modules import by name. */
  readonly config: string;
}

/** Runs `deno bundle`. Throws an `Error` with what it said. */
async function denoBundle(args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=deno", "--minify", ...args],
    cwd: TOP,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("\n").trim();
  throw new Error(`Cannot bundle: ${said}`);
}

/** Bundles the program into `folder`. Throws an `Error` with what Deno said where that fails. */
export async function bundle({ entry = "main.ts", folder }: BundleOptions): Promise<Bundle> {
  const flags = flagsFromEnvironment();
  await denoBundle([...flags, "--code-splitting", `--external=${MSAL}`, `--outdir=${folder}`, entry]);
  await denoBundle([...flags, `--output=${join(folder, "msal.js")}`, "scripts/bundle/msal.ts"]);
  const config = join(folder, "deno.json");
  await Deno.writeTextFile(config, JSON.stringify({ imports: { [MSAL]: "./msal.js" } }));
  const paths = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => join(folder, name));
  await stampCommit(paths);
  // An executable keeps the times of its files: two of the same commit are to be the same bytes.
  for (const path of paths) await Deno.utime(path, 0, 0);
  const name = entry.slice(entry.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
  return { main: join(folder, name), config };
}

/**
 * Bundles the program into the one module `output`, which can be loaded from anywhere. Throws an `Error` with what Deno
 * said where that fails.
 *
 * MSAL is left to Deno to fetch from npm when it is needed: what is bundled of it would ask for files beside the module,
 * and a URL has none.
 */
export async function bundleIntoOne(output: string): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bundle-" });
  try {
    const late = join(folder, "late_msal.ts");
    await Deno.writeTextFile(late, await lateMsal());
    const { imports, scopes } = await currentImportMap();
    const map = join(folder, "import_map.json");
    await Deno.writeTextFile(
      map,
      JSON.stringify({ imports: { ...imports, [MSAL]: "./late_msal.ts" }, scopes }),
    );
    await Deno.mkdir(dirname(output), { recursive: true });
    const flags = [...flagsWithoutImportMap(), `--import-map=${map}`];
    await denoBundle([...flags, `--external=${await msalPackage()}`, `--output=${output}`, "main.ts"]);
    await stampCommit([output]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A module that gives what MSAL does, and loads it no sooner than it is loaded itself. */
async function lateMsal(): Promise<string> {
  const names = Object.keys(await import("./bundle/msal.ts"));
  return `export const { ${names.join(", ")} } = await import("${await msalPackage()}");\n`;
}

/** The npm package, with its version. */
async function msalPackage(): Promise<string> {
  return JSON.parse(await Deno.readTextFile(join(TOP, "deno.json"))).imports[MSAL];
}

if (import.meta.main) {
  const output = join(TOP, "dist", "entra-auth-cli.js");
  await bundleIntoOne(output);
  say(`made ${output}`);
}
