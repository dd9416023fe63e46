import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";

/** The name of a file that a bundler wrote: its hash depends on the paths of the sources, such as Deno's cache. */
const CHUNK = /\.\/[\w.]+-[0-9A-Z]{8}\.js/g;

/**
 * Renames the chunks in `folder` by their content alone, so that the same source gives the same bundle in every folder and
 * with every cache. Throws an `Error` if two chunks cannot be told apart.
 */
export async function nameChunks(folder: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).toSorted();
  const texts = await Promise.all(
    names.map(async (name) => [name, await Deno.readTextFile(join(folder, name))] as const),
  );
  const renamed = await chunkNames(new Map(texts));
  for (const [name, text] of texts) {
    const target = renamed.get(name) ?? name;
    if (target !== name) await Deno.remove(join(folder, name));
    await Deno.writeTextFile(join(folder, target), renameIn(text, renamed));
  }
}

/**
 * Returns the new name of each file that is a chunk: its base and a hash of its content. `files` maps names to contents.
 *
 * A content has the names of other chunks, so names are computed from the previous ones until they tell no more chunks
 * apart.
 */
export async function chunkNames(files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
  const chunks = [...files].filter(([name]) => `./${name}`.match(CHUNK) !== null);
  let names = new Map(chunks.map(([name]) => [name, baseOf(name)]));
  for (let distinct = 0, before = -1; distinct > before;) {
    const previous = names;
    names = new Map(
      await Promise.all(chunks.map(async ([name, text]): Promise<[string, string]> => {
        return [name, `${baseOf(name)}-${await shortDigest(renameIn(text, previous))}.js`];
      })),
    );
    [before, distinct] = [distinct, new Set(names.values()).size];
  }
  if (new Set(names.values()).size < names.size) {
    throw new Error("Cannot name the chunks of the bundle: two have the same content");
  }
  return names;
}

function renameIn(text: string, names: ReadonlyMap<string, string>): string {
  return text.replaceAll(CHUNK, (found) => `./${names.get(found.slice(2)) ?? found.slice(2)}`);
}

function baseOf(name: string): string {
  return name.replace(/-[0-9A-Z]{8}\.js$/, "");
}

async function shortDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return encodeHex(digest).slice(0, 8).toUpperCase();
}
