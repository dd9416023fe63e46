/**
 * Bundles the program: few files that load fast instead of hundreds. What the source loads late stays apart, and is
 * loaded late from the bundle too.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";

const TOP = fromFileUrl(new URL("../", import.meta.url));

/** Bundled by itself: it needs Node's modules, and what is bundled with it would load them too at every start. */
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

function flagsFromEnvironment(): string[] {
  return (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
}

/** Runs `deno bundle`. Throws an `Error` with what it said. */
async function denoBundle(args: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", ...flagsFromEnvironment(), "--platform=deno", "--minify", ...args],
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
  await denoBundle(["--code-splitting", `--external=${MSAL}`, `--outdir=${folder}`, entry]);
  await bundleMsal(join(folder, "msal.js"));
  const config = join(folder, "deno.json");
  const { permissions } = JSON.parse(await Deno.readTextFile(join(TOP, "deno.json")));
  await Deno.writeTextFile(config, JSON.stringify({ imports: { [MSAL]: "./msal.js" }, permissions }));
  const name = entry.slice(entry.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
  return { main: join(folder, name), config };
}

async function bundleMsal(output: string): Promise<void> {
  // Names are resolved from the folder of this repository, whose configuration knows them.
  await denoBundle([`--output=${output}`, "scripts/bundle/msal.ts"]);
}
