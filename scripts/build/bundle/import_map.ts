/** An import map, with every address absolute. */
export interface ImportMap {
  readonly imports: Readonly<Record<string, string>>;
  readonly scopes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const TOP = new URL("../../../", import.meta.url);

/** The flags that `DENO_FLAGS` hands to Deno, without those that name an import map. */
export function flagsWithoutImportMap(): string[] {
  return flagsFromEnvironment().filter((flag) => !/^--import-map\b/.test(flag));
}

/** The flags that `DENO_FLAGS` hands to Deno. */
export function flagsFromEnvironment(): string[] {
  return (Deno.env.get("DENO_FLAGS") ?? "").split(/\s+/).filter(Boolean);
}

/** The import map that the program is run with: a file that `DENO_FLAGS` names, else the imports of `deno.json`. */
export async function currentImportMap(): Promise<ImportMap> {
  const named = / ?--import-map=(\S+)/.exec(Deno.env.get("DENO_FLAGS") ?? "")?.[1];
  const base = named === undefined ? new URL("deno.json", TOP) : new URL(named, TOP);
  const { imports, scopes = {} } = JSON.parse(await Deno.readTextFile(base));
  return {
    imports: absolute(named === undefined ? withSubpaths(imports) : imports, base),
    scopes: Object.fromEntries(
      Object.entries<Record<string, string>>(scopes)
        .map(([scope, names]) => [new URL(scope, base).href, absolute(names, base)]),
    ),
  };
}

/** Whether other packages stand in for those of JSR, as `scripts/dev.sh` has it where JSR cannot be reached. */
export async function usesStandIns(): Promise<boolean> {
  const { imports } = await currentImportMap();
  return !(imports["@cliffy/command"]?.startsWith("jsr:") ?? false);
}

/** In `deno.json`, and only there, the name of a package stands for everything below it too. */
function withSubpaths(imports: Readonly<Record<string, string>>): Record<string, string> {
  const below = Object.entries(imports)
    .map(([name, target]) => [`${name}/`, `${target.replace(":", ":/")}/`]);
  return { ...imports, ...Object.fromEntries(below) };
}

/** The same addresses, for a map that lies elsewhere. */
function absolute(imports: Readonly<Record<string, string>>, base: URL): Record<string, string> {
  return Object.fromEntries(
    Object.entries(imports).map(([name, target]) => [name, new URL(target, base).href]),
  );
}
