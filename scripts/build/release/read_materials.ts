import type { Material } from "./bill_of_materials.ts";
import { flagsFromEnvironment } from "../bundle/import_map.ts";

const TOP = new URL("../../../", import.meta.url);

/** The part of what `deno info --json` says that names packages. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly { readonly specifier: string }[];
  }[];
  readonly npmPackages: Readonly<Record<string, { readonly name: string; readonly version: string }>>;
  /** The packages of JSR: the name with the version that was asked for, and the name with the one that was found. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** The packages that the program is made of, with what they are made of; none that only tests and scripts use. */
export async function readMaterials(): Promise<Material[]> {
  const graph = await readGraph("main.ts");
  const { npm } = JSON.parse(await Deno.readTextFile(new URL("deno.lock", TOP)));
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", TOP)));
  const fromNpm = Object.values(graph.npmPackages).map(({ name, version }): Material => {
    const integrity = npm[`${name}@${version}`]?.integrity;
    return { registry: "npm", name, version, ...(integrity === undefined ? {} : { integrity }) };
  });
  const found = Object.values(graph.packages ?? {});
  // Where JSR's packages come from elsewhere, what is known is what the program itself imports.
  const fromJsr = found.length > 0 ? found.map((text) => `jsr:${text}`) : importedFromJsr(graph, imports);
  return [...fromNpm, ...[...new Set(fromJsr)].map(parseJsr)]
    .sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function importedFromJsr(graph: Graph, imports: Readonly<Record<string, string>>): string[] {
  const own = graph.modules.filter(({ specifier }) => /^file:.*\/(main|src\/.*)\.ts$/.test(specifier));
  return own.flatMap(({ dependencies = [] }) => dependencies).flatMap(({ specifier }) => {
    const target = imports[specifier.split("/").slice(0, 2).join("/")];
    return target?.startsWith("jsr:") ? [target] : [];
  });
}

function parseJsr(text: string): Material {
  const [, name = text, version = ""] = /^jsr:(.+)@([^@]+)$/.exec(text) ?? [];
  return { registry: "jsr", name, version };
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
