/**
 * Checks the imports of the program. Fails if a file imports what its layer may not import, if a file outside the allowed
 * ones uses `Deno` or Node's modules, or if there is an import cycle. Prints the number of files, of files with one
 * importer and of cycles. A file imports from the rows below its own, never from above.
 */

import { filesWithOneImporter, importCycles, readSourceFiles, type SourceFile } from "./import_graph.ts";

interface Row {
  readonly name: string;
  readonly pattern: RegExp;
  /** Rows from which it may import values. */
  readonly values: readonly string[];
  /** Rows from which it may import types only. */
  readonly types: readonly string[];
}

/** Values that every layer may import. */
const COMMON = ["src/errors.ts", "src/text", "src/identity"];
const PARTS = ["src/entra", "src/credentials", "src/loopback", "src/browser", "src/store", "src/profiles"];

function folder(name: string, values: readonly string[], types: readonly string[]): Row {
  return { name, pattern: new RegExp(`^${name}/`), values, types };
}

const ROWS: readonly Row[] = [
  {
    name: "main.ts",
    pattern: /^main\.ts$/,
    values: ["src/app.ts", "src/broker.ts", "src/system"],
    types: [],
  },
  {
    name: "src/broker.ts",
    pattern: /^src\/broker\.ts$/,
    values: ["src/wiring", "src/cli", "src/system", ...COMMON],
    types: [],
  },
  {
    name: "src/app.ts",
    pattern: /^src\/app\.ts$/,
    values: ["src/wiring", "src/cli", ...COMMON],
    types: ["src/system"],
  },
  folder("src/wiring", ["src/cli", "src/flows", ...PARTS, "src/system", ...COMMON], []),
  folder("src/cli", ["src/flows", "src/profiles", ...COMMON], [
    "src/store",
    "src/loopback",
    "src/browser",
    "src/system",
  ]),
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

/** Rows that may import a package, by the beginning of its name. */
const PACKAGES: readonly { readonly start: string; readonly rows: readonly string[] }[] = [
  { start: "@cliffy/", rows: ["src/cli"] },
  { start: "@azure/msal-node", rows: ["src/entra"] },
  // Decrypts certificate files.
  { start: "node-forge", rows: ["src/credentials"] },
  { start: "jose", rows: ["src/entra"] },
  { start: "qr", rows: ["src/cli"] },
  { start: "jsonc-parser", rows: ["src/profiles"] },
  // For the version of the program.
  { start: "deno.json", rows: ["src/cli"] },
  {
    start: "@std/",
    rows: ROWS.map((row) => row.name).filter((name) => !["src/errors.ts", "src/text"].includes(name)),
  },
];

/** The only files that may use `Deno` or Node's modules. */
const REACHES_OUTSIDE = new RegExp(
  [
    "main.ts",
    "src/broker.ts",
    "src/system/.+",
    "src/loopback/(callback_server|listen_on_loopback|relay_server).ts",
    "src/store/keystore/.+",
  ].map((path) => `^${path}$`).join("|"),
);

function rowOf(path: string): Row | undefined {
  return ROWS.find((row) => row.pattern.test(path));
}

function isFile(target: string): boolean {
  return target === "main.ts" || target.includes("/") && target.endsWith(".ts") && !target.startsWith("@");
}

/** Files without effects of their own, from which flows and commands may import values. */
const PURE = new RegExp(
  [
    "browser/(display|opener)",
    "entra/(decode_token|errors/aadsts/find_remedy)",
    "loopback/validate_callback",
    "profiles/profile",
    "system/(path|files/file_error|network/(network_error|proxy))",
  ].map((path) => `^src/${path}\\.ts$`).join("|"),
);

/** Returns why a row may not import a file, or undefined if it may. */
function validateFile(row: Row, target: string, typeOnly: boolean): string | undefined {
  const targetRow = rowOf(target);
  if (targetRow === undefined) return "the program imports nothing from outside src";
  if (targetRow.name === row.name || row.values.includes(targetRow.name)) return undefined;
  if (!row.types.includes(targetRow.name)) return `${row.name} may not import from ${targetRow.name}`;
  if (["src/flows", "src/cli"].includes(row.name) && PURE.test(target)) return undefined;
  return typeOnly ? undefined : `${row.name} may import only types from ${targetRow.name}`;
}

function validatePackage(row: Row, target: string, path: string): string | undefined {
  // Parses keys and certificates, and reaches nothing outside.
  if (target === "node:crypto" && row.name === "src/credentials") return undefined;
  if (/^@std\/path\/(?!posix\/|windows\/)/.test(target)) {
    return "it makes Deno load Node's modules to detect the platform: import from src/system/path.ts";
  }
  if (target.startsWith("node:")) {
    return REACHES_OUTSIDE.test(path) ? undefined : "Node's modules belong to src/system";
  }
  const known = PACKAGES.find(({ start }) => target.startsWith(start));
  if (known === undefined) return "no layer may import the package";
  return known.rows.includes(row.name) ? undefined : `only ${known.rows.join(" and ")} may import it`;
}

/** Returns the code without comments and plain strings. */
function codeOf(text: string): string {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  return withoutComments.replace(/"[^"\n]*"/g, '""');
}

function usesDeno(text: string): boolean {
  return /\bDeno\s*[.?[]/.test(codeOf(text));
}

function validateSourceFile({ path, text, imports }: SourceFile): string[] {
  const row = rowOf(path);
  if (row === undefined) return [`${path}: the file belongs to no layer`];
  const complaints = imports.flatMap(({ target, typeOnly }) => {
    const why = isFile(target) ? validateFile(row, target, typeOnly) : validatePackage(row, target, path);
    return why === undefined ? [] : [`${path} imports ${target}: ${why}`];
  });
  if (usesDeno(text) && !REACHES_OUTSIDE.test(path)) {
    complaints.push(
      `${path} uses Deno: only main.ts, src/broker.ts, src/system, the callback server and the key stores may`,
    );
  }
  if (/\bsetTimeout\(/.test(codeOf(text))) {
    complaints.push(
      `${path} calls setTimeout(): with Deno 2.9 it loads Node's timers; use src/system/timer.ts`,
    );
  }
  return complaints;
}

/** The main thread of an executable, which has every permission while it starts the worker. */
const BROKER = "src/broker.ts";
const MAX_BROKER_LINES = 150;

/** Packages that the broker may load, and the modules that it loads. */
const BROKER_PACKAGES = /^(?:@std\/|deno\.json$)/;

/**
 * Returns one line for each package that is loaded with the broker, or with a module that it loads late, and is not from
 * @std; and one if the broker is longer than a reviewer can read at once.
 */
export function validateBroker(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const lines = byPath.get(BROKER)?.text.trimEnd().split("\n").length ?? 0;
  const complaints = lines > MAX_BROKER_LINES
    ? [`${BROKER} has ${lines} lines: at most ${MAX_BROKER_LINES} are allowed`]
    : [];
  const loaded = new Set([BROKER]);
  // A set grows while it is gone through.
  for (const path of loaded) {
    for (const { target, typeOnly, dynamic } of byPath.get(path)?.imports ?? []) {
      if (typeOnly || (dynamic && path !== BROKER)) continue;
      if (isFile(target)) loaded.add(target);
      else if (!BROKER_PACKAGES.test(target)) {
        complaints.push(`${path} imports ${target}: the broker loads it, and may load only @std`);
      }
    }
  }
  return complaints;
}

/** Returns one line for each import that is not allowed, with the file, the import and the rule. */
export function validateImports(files: readonly SourceFile[]): string[] {
  return files.flatMap(validateSourceFile);
}

if (import.meta.main) {
  const root = new URL("../../", import.meta.url);
  Deno.chdir(root);
  const files = await readSourceFiles(root.href);
  const cycles = importCycles(files);
  const complaints = [
    ...validateImports(files),
    ...validateBroker(files),
    ...cycles.map((cycle) => `Import cycle: ${cycle.join(", ")}`),
  ];
  const figures = `${files.length} files, ${filesWithOneImporter(files).length} with one importer, ` +
    `${cycles.length} import cycles`;
  await Deno.stderr.write(new TextEncoder().encode([...complaints, figures, ""].join("\n")));
  Deno.exit(complaints.length === 0 ? 0 : 1);
}
