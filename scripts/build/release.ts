/**
 * Makes all that a release is, in `dist`: the executables and their packages, the module for `deno run`, the scripts that
 * install them, the bill of materials, the sums of them all, and manifests for package managers.
 *
 * `release.ts [--target TARGET|all] [--output FOLDER] [--repository OWNER/NAME] [--official]`: all targets by default. Naming one makes a dry run
 * if the runtimes of the others cannot be downloaded. `--official` is for what is published: it is refused if it was not
 * made from JSR's packages, from a commit without changes, or with the pinned downloads of Deno.
 */

import { basename } from "@std/path/basename";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { parseArgs } from "node:util";
import { bundleIntoOne } from "./bundle.ts";
import { flagsFromEnvironment, usesStandIns } from "./bundle/import_map.ts";
import { compileAll } from "./compile.ts";
import { currentBuild } from "./bundle/stamp_build.ts";
import { defaultOutput, parseTargets } from "./compile/targets.ts";
import { say } from "../offline/npm_package.ts";
import { compress, tar } from "./release/archives.ts";
import { formatBillOfMaterials } from "./release/bill_of_materials.ts";
import { CHECKSUM_FILE, formatChecksums } from "./release/checksums.ts";
import { checkDownloads, parseSums } from "./release/downloads.ts";
import { manPages } from "./release/man_pages.ts";
import { manifests } from "./release/manifests.ts";
import { type PackageFacts, writePackages } from "./release/packages.ts";
import { readMaterials } from "./release/read_materials.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const INSTALLERS = ["install.sh", "install.ps1"];

/**
 * Fills `folder` with a release for the targets that `target` names, and returns the names of its files.
 *
 * @param repository The OWNER/NAME on GitHub, for the links in the help and the manifests of package managers. Without
 *   one these are left out.
 */
export async function release(target: string, folder: string, repository?: string): Promise<string[]> {
  if (repository !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new Error(`Invalid --repository ${JSON.stringify(repository)}: expected OWNER/NAME`);
  }
  const names: string[] = [];
  const add = (name: string) => {
    names.push(name);
    say(`made ${name}`);
  };
  if (await usesStandIns()) say("made from stand-ins for the JSR packages: a trial, not a release");
  await Deno.mkdir(folder, { recursive: true });
  const { version } = JSON.parse(await Deno.readTextFile(join(TOP, "deno.json")));
  const facts = await packageFacts(version);
  const executables = parseTargets(target).map((one) => ({
    target: one,
    output: join(folder, defaultOutput(one).replace(/^dist\//, "")),
  }));
  await compileAll(executables, repository);
  for (const { target: one, output } of executables) {
    names.push(basename(output));
    if (one === undefined) continue;
    for (const name of await writePackages(folder, one, await Deno.readFile(output), facts)) add(name);
  }
  await bundleIntoOne(join(folder, "entra-auth-cli.js"), repository);
  add("entra-auth-cli.js");
  for (const name of INSTALLERS) {
    await Deno.copyFile(join(TOP, "scripts", name), join(folder, name));
    add(name);
  }
  const materials = {
    name: "entra-auth-cli",
    version,
    deno: Deno.version.deno,
    packages: await readMaterials(),
  };
  await Deno.writeTextFile(join(folder, "entra-auth-cli.cdx.json"), formatBillOfMaterials(materials));
  add("entra-auth-cli.cdx.json");
  const checksums = await formatChecksums(folder, names);
  await Deno.writeTextFile(join(folder, CHECKSUM_FILE), checksums);
  add(CHECKSUM_FILE);
  if (repository !== undefined) {
    const files = manifests({ version, repository, sums: parseSums(checksums) });
    await Deno.writeFile(join(folder, MANIFESTS), await compress(tar(files), "gzip"));
    add(MANIFESTS);
  }
  return names;
}

/** The manifests of package managers. They contain sums, so their own is not in the list. */
const MANIFESTS = "entra-auth-cli-manifests.tar.gz";

async function packageFacts(version: string): Promise<PackageFacts> {
  const [bash, zsh, fish] = await Promise.all([
    programOutput("completions", "bash"),
    programOutput("completions", "zsh"),
    programOutput("completions", "fish"),
  ]);
  const license = await Deno.readTextFile(join(TOP, "LICENSE"));
  return { version, license, completions: { bash, zsh, fish }, manual: await manPages(version) };
}

/** Returns what the program prints. It reads nothing of this user. */
async function programOutput(...args: string[]): Promise<string> {
  const home = await Deno.makeTempDir({ prefix: "entra-auth-cli-release-" });
  try {
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", ...flagsFromEnvironment(), "--allow-all", "main.ts", ...args],
      cwd: TOP,
      env: { ENTRA_AUTH_CLI_HOME: home, NO_COLOR: "1" },
      stdin: "null",
    });
    const { success, stdout, stderr } = await command.output();
    if (!success) {
      throw new Error(`Cannot run main.ts ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    }
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Throws if what was made for `target` cannot be published. */
async function checkOfficial(target: string): Promise<void> {
  const build = await currentBuild();
  if (!/^[0-9a-f]{12}$/.test(build)) {
    throw new Error(
      `Cannot release the build "${build}": expected a commit without changes, made from JSR's packages`,
    );
  }
  const targets = parseTargets(target).filter((one) => one !== undefined);
  const sums = parseSums(await Deno.readTextFile(join(TOP, "scripts", "build", "downloads.sha256")));
  await checkDownloads(join(await denoFolder(), "dl"), targets, sums);
}

/** The folder of Deno's cache. */
async function denoFolder(): Promise<string> {
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", "--no-config"] });
  return JSON.parse(new TextDecoder().decode((await command.output()).stdout)).denoDir;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      target: { type: "string", default: "all" },
      output: { type: "string", default: "dist" },
      official: { type: "boolean", default: false },
      repository: { type: "string" },
    },
  });
  try {
    await release(values.target, join(TOP, values.output), values.repository);
    if (values.official) await checkOfficial(values.target);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
