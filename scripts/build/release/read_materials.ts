import type { Material } from "./bill_of_materials.ts";
import { IMPORTS_OF_MSAL } from "../bundle.ts";
import { flagsFromEnvironment } from "../bundle/import_map.ts";

const TOP = new URL("../../../", import.meta.url);

/** The part of what `deno info --json` says that names packages. */
export interface Graph {
  readonly roots: readonly string[];
  readonly modules: readonly GraphModule[];
  readonly redirects: Readonly<Record<string, string>>;
  /** Every package of `deno.lock`, used or not. */
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
  /** The packages of JSR, used or not: the name with the requested version, and with the resolved one. */
  readonly packages?: Readonly<Record<string, string>>;
}

interface GraphModule {
  readonly specifier: string;
  /** Of an npm package, its key in `npmPackages`. */
  readonly npmPackage?: string;
  /** `code` is absent if only types are imported. */
  readonly dependencies?: readonly {
    readonly specifier: string;
    readonly code?: { readonly specifier?: string };
  }[];
}

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: readonly string[];
}

/** Returns the packages whose code is in the program: those that `main.ts` reaches, and what they depend on. */
export async function readMaterials(): Promise<Material[]> {
  const graph = await readGraph("main.ts");
  const { imports } = await readJson("deno.json");
  const { npm } = await readJson("deno.lock");
  return reachedPackages(graph, imports).map((material) => {
    const integrity = material.registry === "npm" && npm[`${material.name}@${material.version}`]?.integrity;
    return integrity ? { ...material, integrity } : material;
  });
}

/** Returns the packages that the roots of `graph` reach by imports of code, sorted by name. */
export function reachedPackages(graph: Graph, imports: Readonly<Record<string, string>>): Material[] {
  const modules = reachedModules(graph);
  const npm = npmPackagesOf(graph, modules);
  const jsr = new Set(
    modules.flatMap((module) => [...jsrPackageOf(module, graph), ...standIns(module, imports)]),
  );
  return [
    ...npm.map(({ name, version }): Material => ({ registry: "npm", name, version })),
    ...[...jsr].map(parseJsr),
  ].sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function reachedModules({ roots, modules, redirects }: Graph): GraphModule[] {
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const resolve = (specifier: string) => redirects[specifier] ?? specifier;
  const reached = new Set(roots.map(resolve));
  // A set also iterates over what is added meanwhile.
  for (const specifier of reached) {
    for (const { code } of known.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined) reached.add(resolve(code.specifier));
    }
  }
  return [...reached].flatMap((specifier) => known.get(specifier) ?? []);
}

function npmPackagesOf({ npmPackages }: Graph, modules: readonly GraphModule[]): NpmPackage[] {
  const reached = new Set(modules.flatMap(({ npmPackage }) => npmPackage ?? []));
  for (const key of reached) {
    for (const dependency of npmPackages[key]?.dependencies ?? []) {
      if (!IMPORTS_OF_MSAL.includes(npmPackages[dependency]?.name ?? "")) reached.add(dependency);
    }
  }
  return [...reached].flatMap((key) => npmPackages[key] ?? []);
}

/** The package of a module whose address is `…/@scope/name/version/path`. */
function jsrPackageOf({ specifier }: GraphModule, { packages = {} }: Graph): string[] {
  const [, name, version] = /^https?:\/\/[^/]+\/(@[^/]+\/[^/]+)\/([^/]+)\//.exec(specifier) ?? [];
  const found = `${name}@${version}`;
  return Object.values(packages).includes(found) ? [found] : [];
}

/** If stand-ins take the place of JSR's packages, the packages are known that the program itself imports, and no other. */
function standIns(
  { specifier, dependencies = [] }: GraphModule,
  imports: Readonly<Record<string, string>>,
): string[] {
  if (!/^file:.*\/(main|src\/.*)\.ts$/.test(specifier)) return [];
  return dependencies.flatMap(({ specifier: imported, code }) => {
    const target = imports[imported.split("/").slice(0, 2).join("/")] ?? "";
    return target.startsWith("jsr:") && code?.specifier?.startsWith("file:")
      ? [target.slice("jsr:".length)]
      : [];
  });
}

function parseJsr(text: string): Material {
  const [, name = text, version = ""] = /^(.+)@([^@]+)$/.exec(text) ?? [];
  return { registry: "jsr", name, version };
}

async function readJson(name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(name, TOP)));
}

async function readGraph(path: string): Promise<Graph> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", ...flagsFromEnvironment(), path],
    cwd: TOP,
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) {
    throw new Error(`Cannot list what ${path} is made of: ${new TextDecoder().decode(stderr).trim()}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout));
}
