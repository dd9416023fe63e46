/**
 * Fails when a file of the program imports what its place in the layout doesn't allow, or reaches outside the program
 * where it shouldn't. Reading order is dependency order: a file imports from rows below its own, never from above.
 */

/** One file of the program, with what it imports: a path from the top folder, or the name of a package. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly SourceImport[];
}

/** One import; `typeOnly` where nothing of it is left when the program runs. */
export interface SourceImport {
  readonly target: string;
  readonly typeOnly: boolean;
}

interface Row {
  readonly name: string;
  readonly pattern: RegExp;
  /** Rows it may import from. */
  readonly values: readonly string[];
  /** Rows of which it may only name types. */
  readonly types: readonly string[];
}

/** Values that every layer may import. */
const COMMON = ["src/errors.ts", "src/text", "src/identity"];
const PARTS = ["src/entra", "src/credentials", "src/loopback", "src/browser", "src/store", "src/profiles"];

function folder(name: string, values: readonly string[], types: readonly string[]): Row {
  return { name, pattern: new RegExp(`^${name}/`), values, types };
}

const ROWS: readonly Row[] = [
  { name: "main.ts", pattern: /^main\.ts$/, values: ["src/app.ts", "src/system"], types: [] },
  {
    name: "src/app.ts",
    pattern: /^src\/app\.ts$/,
    values: ["src/wiring", "src/cli", ...COMMON],
    types: ["src/system"],
  },
  folder("src/wiring", ["src/cli", "src/flows", ...PARTS, "src/system", ...COMMON], []),
  folder("src/cli", ["src/flows", "src/profiles", ...COMMON], ["src/system"]),
  folder("src/flows", [...COMMON], [...PARTS, "src/system"]),
  folder("src/entra", [...COMMON], ["src/credentials", "src/profiles", "src/system"]),
  folder("src/credentials", [...COMMON], ["src/system"]),
  folder("src/loopback", [...COMMON], ["src/system"]),
  folder("src/browser", [...COMMON], ["src/system"]),
  folder("src/store", [...COMMON], ["src/system"]),
  folder("src/profiles", [...COMMON], ["src/system"]),
  folder("src/system", [...COMMON], []),
  folder("src/identity", ["src/text", "src/errors.ts"], []),
  { name: "src/errors.ts", pattern: /^src\/errors\.ts$/, values: ["src/text"], types: ["src/identity"] },
  folder("src/text", [], []),
];

/** Which rows may import which packages, by the start of the package's name. */
const PACKAGES: readonly { readonly start: string; readonly rows: readonly string[] }[] = [
  { start: "@cliffy/", rows: ["src/cli"] },
  { start: "@azure/msal-node", rows: ["src/entra"] },
  // Takes certificates apart.
  { start: "node-forge", rows: ["src/credentials"] },
  { start: "jose", rows: ["src/entra"] },
  { start: "qr", rows: ["src/cli"] },
  { start: "jsonc-parser", rows: ["src/profiles"] },
  // For the program's own version.
  { start: "deno.json", rows: ["src/cli"] },
  {
    start: "@std/",
    rows: ROWS.map((row) => row.name).filter((name) => !["src/errors.ts", "src/text"].includes(name)),
  },
];

/** The only files that may reach outside through `Deno` or Node's modules. */
const REACHES_OUTSIDE = new RegExp(
  [
    "main.ts",
    "src/system/.+",
    "src/loopback/(callback_server|listen_on_loopback|relay_server|relayed_connection).ts",
    "src/store/keystore/.+",
  ].map((path) => `^${path}$`).join("|"),
);

function rowOf(path: string): Row | undefined {
  return ROWS.find((row) => row.pattern.test(path));
}

function isFile(target: string): boolean {
  return target === "main.ts" || target.includes("/") && target.endsWith(".ts") && !target.startsWith("@");
}

/** Why a row may not import a file; undefined where it may. */
function validateFile(row: Row, target: string, typeOnly: boolean): string | undefined {
  const targetRow = rowOf(target);
  if (targetRow === undefined) return `the program imports nothing from outside src`;
  if (targetRow.name === row.name || row.values.includes(targetRow.name)) return undefined;
  if (!row.types.includes(targetRow.name)) return `${row.name} may not import from ${targetRow.name}`;
  return typeOnly ? undefined : `${row.name} may import only types from ${targetRow.name}`;
}

function validatePackage(row: Row, target: string, path: string): string | undefined {
  if (target.startsWith("node:")) {
    return REACHES_OUTSIDE.test(path) ? undefined : "Node's modules belong to src/system";
  }
  const known = PACKAGES.find(({ start }) => target.startsWith(start));
  if (known === undefined) return "the package has no place in the layout";
  return known.rows.includes(row.name) ? undefined : `only ${known.rows.join(" and ")} may import it`;
}

function usesDeno(text: string): boolean {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  const code = withoutComments.replace(/"[^"\n]*"/g, '""');
  return /\bDeno\s*[.?[]/.test(code);
}

function validateSourceFile({ path, text, imports }: SourceFile): string[] {
  const row = rowOf(path);
  if (row === undefined) return [`${path}: the file fits no row of the layout`];
  const complaints = imports.flatMap(({ target, typeOnly }) => {
    const why = isFile(target) ? validateFile(row, target, typeOnly) : validatePackage(row, target, path);
    return why === undefined ? [] : [`${path} imports ${target}: ${why}`];
  });
  if (usesDeno(text) && !REACHES_OUTSIDE.test(path)) {
    complaints.push(
      `${path} uses Deno: only main.ts, src/system, the callback server and the guardians may`,
    );
  }
  return complaints;
}

/** What is wrong with the imports of the program, one line for each, naming file, import and rule; none if all is well. */
export function validateImports(files: readonly SourceFile[]): string[] {
  return files.flatMap(validateSourceFile);
}

interface Resolved {
  readonly specifier?: string;
  readonly error?: string;
}

/** The part of what `deno info --json` says about a module that matters here. */
interface GraphModule {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: Resolved;
    readonly type?: Resolved;
  }[];
}

/** The imports of one module of the graph; files as paths from `root`, a `file:` URL that ends in a slash. */
export function importsOf(module: GraphModule, root: string): SourceImport[] {
  return (module.dependencies ?? []).map(({ specifier, code, type }) => {
    const failed = code?.error ?? type?.error;
    if (failed !== undefined) throw new Error(`Cannot resolve ${specifier}: ${failed}`);
    const resolved = (code ?? type)?.specifier ?? specifier;
    const isRelative = /^\.{0,2}\//.test(specifier);
    const target = isRelative && resolved.startsWith(root) ? resolved.slice(root.length) : specifier;
    return { target, typeOnly: code === undefined };
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

/** Reads every file of the program, asking Deno about those that no file before it imports. */
async function readSourceFiles(root: string): Promise<SourceFile[]> {
  const modules = new Map<string, GraphModule>();
  const paths = ["main.ts", ...await sourcePaths("src")];
  for (const path of paths) {
    if (modules.has(root + path)) continue;
    for (const module of await graphOf(path)) modules.set(module.specifier, module);
  }
  return await Promise.all(paths.map(async (path) => {
    const module = modules.get(root + path);
    if (module === undefined) throw new Error(`Cannot find ${path} in its own list of imports`);
    return { path, text: await Deno.readTextFile(path), imports: importsOf(module, root) };
  }));
}

if (import.meta.main) {
  const root = new URL("../../", import.meta.url);
  Deno.chdir(root);
  const files = await readSourceFiles(root.href);
  const complaints = validateImports(files);
  const lines = complaints.length === 0 ? [`Checked the imports of ${files.length} files`] : complaints;
  await Deno.stderr.write(new TextEncoder().encode(`${lines.join("\n")}\n`));
  Deno.exit(complaints.length === 0 ? 0 : 1);
}
