/** Reads which file of the program imports which, and what that says about the layout. */

/** A source file and what it imports. */
export interface SourceFile {
  /** Path from the top folder of the repository. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

/** An import: a path from the top folder, or the name of a package. */
export interface SourceImport {
  readonly target: string;
  /** Whether the import disappears when types are erased. */
  readonly typeOnly: boolean;
  /** Whether the module is loaded when `import()` is called. */
  readonly dynamic?: boolean;
}

interface Resolved {
  readonly specifier?: string;
  readonly error?: string;
}

/** The part of a module in the output of `deno info --json` that is used here. */
interface GraphModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: Resolved;
    readonly type?: Resolved;
    readonly isDynamic?: boolean;
  }[];
}

/** Returns the imports of a module. Files become paths relative to `root`, a `file:` URL that ends in a slash. */
export function importsOf(module: GraphModule, root: string): SourceImport[] {
  return (module.dependencies ?? []).map(({ specifier, code, type, isDynamic }) => {
    const failed = code?.error ?? type?.error;
    if (failed !== undefined) throw new Error(`Cannot resolve ${specifier}: ${failed}`);
    const resolved = (code ?? type)?.specifier ?? specifier;
    const isRelative = /^\.{0,2}\//.test(specifier);
    const target = isRelative && resolved.startsWith(root) ? resolved.slice(root.length) : specifier;
    return { target, typeOnly: code === undefined, ...(isDynamic ? { dynamic: true } : {}) };
  });
}

async function graphOf(path: string): Promise<GraphModule[]> {
  const flags = (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
  const command = new Deno.Command(Deno.execPath(), { args: ["info", "--json", ...flags, path] });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot list the imports of ${path}: ${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout)).modules;
}

async function sourcePaths(path: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    const below = `${path}/${entry.name}`;
    if (entry.isDirectory) paths.push(...await sourcePaths(below));
    else if (entry.name.endsWith(".ts")) paths.push(below);
  }
  return paths.sort();
}

/** Reads main.ts and every file in src. */
export async function readSourceFiles(root: string): Promise<SourceFile[]> {
  return await readFiles(["main.ts", ...await sourcePaths("src")], root);
}

/** Reads `entry`, a path from the top folder, and every file that it reaches by imports. */
export async function readReachedFiles(entry: string, root: string): Promise<SourceFile[]> {
  const files = await graphOf(entry);
  const modules = new Map(files.map((module) => [module.specifier, module]));
  const paths = [...modules.keys()].filter((url) => url.startsWith(root)).map((url) =>
    url.slice(root.length)
  );
  return await readFiles(paths, root, modules);
}

async function readFiles(
  paths: readonly string[],
  root: string,
  modules = new Map<string, GraphModule>(),
): Promise<SourceFile[]> {
  for (const path of paths) {
    if (modules.has(root + path)) continue;
    for (const module of await graphOf(path)) modules.set(module.specifier, module);
  }
  return await Promise.all(paths.map(async (path) => {
    const module = modules.get(root + path);
    if (module === undefined) throw new Error(`Cannot find ${path} in its own list of imports`);
    return { path, text: await Deno.readTextFile(new URL(path, root)), imports: importsOf(module, root) };
  }));
}

/**
 * Returns the import cycles: each is a list of files of which every one reaches every other. Type-only and dynamic imports
 * count.
 */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
  const reached = new Map(files.map(({ path }) => [path, reachableFrom(path, targets)]));
  const cycles: string[][] = [];
  for (const { path } of files) {
    if (!reached.get(path)?.has(path) || cycles.some((cycle) => cycle.includes(path))) continue;
    cycles.push(
      files.map((file) => file.path).filter((other) =>
        reached.get(path)?.has(other) && reached.get(other)?.has(path)
      ),
    );
  }
  return cycles;
}

function reachableFrom(path: string, targets: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [path];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const target of targets.get(next) ?? []) {
      if (!targets.has(target) || found.has(target)) continue;
      found.add(target);
      queue.push(target);
    }
  }
  return found;
}

/** Returns the files that exactly one other file imports. */
export function filesWithOneImporter(files: readonly SourceFile[]): string[] {
  const importers = new Map<string, Set<string>>();
  for (const { path, imports } of files) {
    for (const { target } of imports) importers.set(target, (importers.get(target) ?? new Set()).add(path));
  }
  return files.map(({ path }) => path).filter((path) => importers.get(path)?.size === 1);
}
