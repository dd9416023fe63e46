/**
 * Bundles the program: few files that load fast instead of hundreds. What the source loads late stays apart, and is
 * loaded late from the bundle too.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";

const TOP = fromFileUrl(new URL("../", import.meta.url));

/** Bundled by itself: it needs Node's modules, and what is bundled with it would load them too at every start. */
const MSAL = "@azure/msal-node";

const COMMIT_PLACE = '"{COMMIT}"';

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
  // By itself: names are resolved from here, where the configuration is that knows them.
  await denoBundle([`--output=${join(folder, "msal.js")}`, "scripts/bundle/msal.ts"]);
  await stampCommit(folder);
  const config = join(folder, "deno.json");
  await Deno.writeTextFile(config, JSON.stringify({ imports: { [MSAL]: "./msal.js" } }));
  await forgetTimes(folder);
  const name = entry.slice(entry.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
  return { main: join(folder, name), config };
}

/** An executable keeps the times of its files: two bundles of the same commit are to be the same bytes. */
async function forgetTimes(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) await Deno.utime(join(folder, name), 0, 0);
}

/** Puts the commit where `src/commands/program_version.ts` has a place for it. Nothing is put where there is no git. */
async function stampCommit(folder: string): Promise<void> {
  const commit = await currentCommit();
  if (commit === null) return;
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const text = await Deno.readTextFile(path);
    if (text.includes(COMMIT_PLACE)) {
      await Deno.writeTextFile(path, text.replace(COMMIT_PLACE, `"${commit}"`));
    }
  }
}

/** The commit that is checked out, `-changed` where files differ from it; null outside of git. */
async function currentCommit(): Promise<string | null> {
  try {
    const commit = await git("rev-parse", "--short=12", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    return commit === null ? null : `${commit}${changes === "" ? "" : "-changed"}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

async function git(...args: readonly string[]): Promise<string | null> {
  const { success, stdout } = await new Deno.Command("git", { args: [...args], cwd: TOP, stderr: "null" })
    .output();
  return success ? new TextDecoder().decode(stdout).trim() : null;
}
