import { assertEquals } from "@std/assert";

const TOP = new URL("../../", import.meta.url);

/** Folders with code of this repository, from the top. */
const SOURCES = ["src/", "tests/", "scripts/"];

async function readJson(name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(name, TOP)));
}

async function* modulesBelow(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* modulesBelow(new URL(`${name}/`, folder));
    else if (/\.(ts|mjs)$/.test(name)) yield new URL(name, folder);
  }
}

/** The packages that a module imports by their registry: `npm:@types/oidc-provider@9.12.1`. */
function packagesNamedIn(text: string): string[] {
  const specifiers = text.matchAll(
    /(?:@ts-types=|\bfrom\s+|\bimport\s*\(?\s*)["']((?:npm|jsr):\/?(?:@[^/"'$]+\/)?[^/"'$]+)/g,
  );
  return [...specifiers].map(([, specifier = ""]) => specifier);
}

async function packagesNamedInSources(): Promise<string[]> {
  const texts = [Deno.readTextFile(new URL("main.ts", TOP))];
  for (const folder of SOURCES) {
    for await (const file of modulesBelow(new URL(folder, TOP))) texts.push(Deno.readTextFile(file));
  }
  return (await Promise.all(texts)).flatMap(packagesNamedIn);
}

Deno.test("deno.lock pins every package that deno.json or a source file imports", async () => {
  const imports = Object.values<string>((await readJson("deno.json")).imports);
  const pinned: Record<string, string> = (await readJson("deno.lock")).specifiers;
  const named = [...imports, ...await packagesNamedInSources()];
  assertEquals(named.filter((specifier) => !Object.hasOwn(pinned, specifier)), []);
});

Deno.test("deno.lock has the integrity of every package, direct or transitive", async () => {
  const { specifiers, jsr, npm } = await readJson("deno.lock");
  const locked: Record<string, { integrity?: string; dependencies?: string[] }> = { ...jsr, ...npm };
  const without = Object.keys(locked).filter((name) =>
    !/^(sha512-[\w+/]{86}==|[0-9a-f]{64})$/.test(locked[name]?.integrity ?? "")
  );
  assertEquals(without, []);
  for (const [specifier, version] of Object.entries<string>(specifiers)) {
    const name = specifier.replace(/^(npm|jsr):/, "").replace(/(?<=.)@.*/, "");
    const isLocked = Object.hasOwn(locked, `${name}@${version}`);
    assertEquals([specifier, isLocked], [specifier, true]);
  }
});

Deno.test("deno.lock pins the JSR packages that its JSR packages import", async () => {
  const { specifiers, jsr } = await readJson("deno.lock");
  const packages: { dependencies?: string[] }[] = Object.values(jsr);
  // Deno leaves out the version of a package of which the lock has one alone.
  const isPinned = (dependency: string) =>
    Object.keys(specifiers).some((specifier) =>
      specifier === dependency || specifier.startsWith(`${dependency}@`)
    );
  assertEquals(packages.flatMap(({ dependencies = [] }) => dependencies).filter((one) => !isPinned(one)), []);
});

Deno.test("Deno changes deno.lock for no task", async () => {
  assertEquals((await readJson("deno.json")).lock, { frozen: true });
});

Deno.test("deno.json names exact versions", async () => {
  const targets = Object.values<string>((await readJson("deno.json")).imports);
  assertEquals(targets.filter((target) => !/^(npm|jsr):.+@\d+\.\d+\.\d+$/.test(target)), []);
});
