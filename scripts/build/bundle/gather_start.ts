import { basename } from "@std/path/basename";
import { fromFileUrl } from "@std/path/from-file-url";
import { join } from "@std/path/join";
import { toFileUrl } from "@std/path/to-file-url";

/** The result of `deno info` about a module, as far as it is used here. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly isDynamic?: boolean;
    readonly code?: { readonly specifier?: string };
  }[];
}

/**
 * Prepares the bundle in `folder` for another run of the bundler, which then writes one file instead of dozens for what
 * `main` loads at the start, and one for what the late modules `next` load besides, which run every command but a cached
 * token.
 *
 * A bundler puts two modules into the same file if the same entries load them, and each module that is loaded late is an
 * entry. So every entry is made to load the whole start, and those that the start does not load itself also `next`: all of
 * that is loaded by then.
 *
 * @param next The names of their source files, without the extension.
 */
export async function gatherStart(folder: string, main: string, next: readonly string[]): Promise<void> {
  const modules = await readGraph(main);
  const url = toFileUrl(main).href;
  const start = loadedBefore(modules, [url]);
  const early = [url, ...start].flatMap((specifier) => targets(modules.get(specifier), true));
  const nextUrls = next.map((name) => {
    const found = early.find((specifier) => basename(fromFileUrl(specifier)).startsWith(`${name}-`));
    if (found === undefined) throw new Error(`Cannot bundle: ${main} does not load ${name}`);
    return found;
  });
  await writeImports(join(folder, "start.js"), start);
  await writeImports(join(folder, "next.js"), loadedBefore(modules, nextUrls));
  for (const late of loadedLate(modules)) {
    const isEarly = early.includes(late) && !nextUrls.includes(late);
    const imports = ["start.js", ...(isEarly ? [] : ["next.js"])].map((name) => `import "./${name}";\n`);
    const path = fromFileUrl(late);
    await Deno.writeTextFile(path, imports.join("") + await Deno.readTextFile(path));
  }
}

async function writeImports(path: string, urls: Iterable<string>): Promise<void> {
  const lines = [...urls].map((url) => `import "./${basename(fromFileUrl(url))}";\n`);
  await Deno.writeTextFile(path, lines.join(""));
}

/** Returns the modules below `main` by their addresses. Throws an `Error` with the output of Deno if that fails. */
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

/** Returns what the modules `entries` load before they run, without themselves. */
function loadedBefore(
  modules: ReadonlyMap<string, Module>,
  entries: readonly string[],
): ReadonlySet<string> {
  const found = new Set(entries);
  // A loop over a set also visits what is added to it.
  for (const specifier of found) {
    for (const target of targets(modules.get(specifier), false)) {
      if (modules.has(target)) found.add(target);
    }
  }
  for (const entry of entries) found.delete(entry);
  return found;
}

/** Returns every module of the bundle that another one loads late. */
function loadedLate(modules: ReadonlyMap<string, Module>): ReadonlySet<string> {
  const late = [...modules.values()].flatMap((module) => targets(module, true));
  return new Set(late.filter((specifier) => modules.has(specifier)));
}

function targets(module: Module | undefined, late: boolean): string[] {
  const wanted = (module?.dependencies ?? []).filter(({ isDynamic = false }) => isDynamic === late);
  return wanted.flatMap(({ code }) => code?.specifier ?? []);
}
