/**
 * Makes all that a release is, in `dist`: the executables, the module for `deno run`, the scripts that install them, the
 * bill of materials, and the sums of them all.
 *
 * `release.ts [--target TARGET|all] [--output FOLDER] [--official]`: all targets by default. Naming one makes a dry run
 * if the runtimes of the others cannot be downloaded. `--official` is for what is published: it is refused if it was not
 * made from JSR's packages, from a commit without changes, or with the pinned downloads of Deno.
 */

import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { parseArgs } from "node:util";
import { bundleIntoOne } from "./bundle.ts";
import { usesStandIns } from "./bundle/import_map.ts";
import { compile } from "./compile.ts";
import { currentBuild } from "./bundle/stamp_build.ts";
import { defaultOutput, parseTargets } from "./compile/targets.ts";
import { say } from "../offline/npm_package.ts";
import { formatBillOfMaterials } from "./release/bill_of_materials.ts";
import { CHECKSUM_FILE, formatChecksums } from "./release/checksums.ts";
import { checkDownloads, parseSums } from "./release/downloads.ts";
import { readMaterials } from "./release/read_materials.ts";

const TOP = fromFileUrl(new URL("../../", import.meta.url));
const INSTALLERS = ["install.sh", "install.ps1"];

/** Fills `folder` with a release for the targets that `target` names, and gives the names of its files. */
export async function release(target: string, folder: string): Promise<string[]> {
  const names: string[] = [];
  const add = (name: string) => {
    names.push(name);
    say(`made ${name}`);
  };
  if (await usesStandIns()) say("made from stand-ins for the JSR packages: a trial, not a release");
  await Deno.mkdir(folder, { recursive: true });
  for (const one of parseTargets(target)) {
    const name = defaultOutput(one).replace(/^dist\//, "");
    await compile({ target: one, output: join(folder, name) });
    add(name);
  }
  await bundleIntoOne(join(folder, "entra-auth-cli.js"));
  add("entra-auth-cli.js");
  for (const name of INSTALLERS) {
    await Deno.copyFile(join(TOP, "scripts", name), join(folder, name));
    add(name);
  }
  const { version } = JSON.parse(await Deno.readTextFile(join(TOP, "deno.json")));
  const materials = {
    name: "entra-auth-cli",
    version,
    deno: Deno.version.deno,
    packages: await readMaterials(),
  };
  await Deno.writeTextFile(join(folder, "entra-auth-cli.cdx.json"), formatBillOfMaterials(materials));
  add("entra-auth-cli.cdx.json");
  await Deno.writeTextFile(join(folder, CHECKSUM_FILE), await formatChecksums(folder, names));
  add(CHECKSUM_FILE);
  return names;
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
    },
  });
  try {
    await release(values.target, join(TOP, values.output));
    if (values.official) await checkOfficial(values.target);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
