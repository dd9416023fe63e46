import { basename } from "@std/path/basename";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";

/** What `deno info` says of a module, as far as it counts here. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }[];
}

/**
 * Prepares the bundle in `folder` for being bundled once more: what its `main` loads before it runs then becomes one
 * module, where it was dozens.
 *
 * A bundler puts two modules into the same file when the same entries load them, and each module that is loaded late is
 * an entry. So each of them is made to load all that the start loads: that costs nothing, for it is loaded by then.
 */
export async function gatherStart(folder: string, main: string): Promise<void> {
  const modules = await readGraph(main);
  const start = loadedBefore(modules, toFileUrl(main).href);
  const gathered = [...start].map((url) => `import "./${basename(fromFileUrl(url))}";\n`).join("");
  const name = "start.js";
  await Deno.writeTextFile(join(folder, name), gathered);
  for (const url of loadedLate(modules)) {
    const path = fromFileUrl(url);
    await Deno.writeTextFile(path, `import "./${name}";\n${await Deno.readTextFile(path)}`);
  }
}

/** The modules below `main`, by their addresses. Throws an `Error` with what Deno said where they can't be read. */
async function readGraph(main: string): Promise<ReadonlyMap<string, Module>> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-config", "--no-lock", main],
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot read the bundle: ${new TextDecoder().decode(stderr).trim()}`);
  const { modules }: { modules: readonly Module[] } = JSON.parse(new TextDecoder().decode(stdout));
  const inBundle = modules.filter(({ specifier }) => specifier.startsWith("file:"));
  return new Map(inBundle.map((module) => [module.specifier, module]));
}

/** What `main` loads before it runs itself, without itself. */
function loadedBefore(modules: ReadonlyMap<string, Module>, main: string): ReadonlySet<string> {
  const found = new Set([main]);
  // A set grows while it is gone through, and that is the point.
  for (const specifier of found) {
    for (const target of targets(modules.get(specifier), false)) {
      if (modules.has(target)) found.add(target);
    }
  }
  found.delete(main);
  return found;
}

/** Every module of the bundle that some other loads late. */
function loadedLate(modules: ReadonlyMap<string, Module>): ReadonlySet<string> {
  const late = [...modules.values()].flatMap((module) => targets(module, true));
  return new Set(late.filter((specifier) => modules.has(specifier)));
}

function targets(module: Module | undefined, late: boolean): string[] {
  const wanted = (module?.dependencies ?? []).filter(({ isDynamic = false }) => isDynamic === late);
  return wanted.flatMap(({ code }) => code?.specifier ?? []);
}
