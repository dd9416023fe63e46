import { assertEquals } from "@std/assert";

const TOP = new URL("../../", import.meta.url);

async function readJson(path: string) {
  return JSON.parse(await Deno.readTextFile(new URL(path, TOP)));
}

Deno.test("the packages that Dependabot watches are the npm packages that deno.json pins", async () => {
  const imports: Record<string, string> = (await readJson("deno.json")).imports;
  const pinned = Object.values(imports).flatMap((target) => {
    const [, name, version] = /^npm:((?:@[^/]+\/)?[^@/]+)@([^/]+)/.exec(target) ?? [];
    return name === undefined ? [] : [[name, version]];
  });
  assertEquals((await readJson(".github/dependabot/package.json")).dependencies, Object.fromEntries(pinned));
});
