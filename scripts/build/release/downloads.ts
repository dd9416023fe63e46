import { encodeHex } from "@std/encoding/hex";
import { basename } from "@std/path/basename";
import { join } from "@std/path/join";
import type { Target } from "../compile/targets.ts";

/** Returns the pinned sums in the text of a file for `sha256sum --check`, by the name of the file. */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line) ?? [];
    if (sum === undefined || name === undefined) {
      throw new Error(`Invalid line "${line}": expected HASH  NAME`);
    }
    return [name, sum];
  }));
}

/**
 * Compares what Deno downloaded into `folder`, the `dl` of its cache, with the pinned `sums`.
 *
 * @throws {Error} If a file has another sum or none that is pinned, or if the runtime of a target is not there, because
 *   the executable then has a runtime from elsewhere.
 */
export async function checkDownloads(
  folder: string,
  targets: readonly Target[],
  sums: ReadonlyMap<string, string>,
): Promise<void> {
  const paths = await Array.fromAsync(filesBelow(folder));
  const found = new Set(paths.map((path) => basename(path)));
  const missing = targets.map((target) => `denort-${target}.zip`).filter((name) => !found.has(name));
  const problems = missing.map((name) => `${name} was not downloaded: the executable has another runtime`);
  for (const path of paths) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
    const sum = encodeHex(new Uint8Array(digest));
    const pinned = sums.get(basename(path));
    if (pinned === undefined) problems.push(`${basename(path)} is not pinned: found ${sum}`);
    else if (pinned !== sum) {
      problems.push(`${basename(path)} has the wrong sum: expected ${pinned}, found ${sum}`);
    }
  }
  if (problems.length === 0) return;
  throw new Error(`Cannot release what was built with other files than scripts/build/downloads.sha256 pins:
${problems.join("\n")}`);
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(join(folder, name));
    else yield join(folder, name);
  }
}
