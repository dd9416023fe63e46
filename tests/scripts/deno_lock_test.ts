import { assertEquals } from "@std/assert";

async function readJson(name: string) {
  return JSON.parse(await Deno.readTextFile(new URL(`../../${name}`, import.meta.url)));
}

Deno.test("deno.lock pins every npm package that deno.json imports", async () => {
  const targets = Object.values<string>((await readJson("deno.json")).imports);
  const pinned = Object.keys((await readJson("deno.lock")).specifiers);
  const missing = targets.filter((target) => target.startsWith("npm:") && !pinned.includes(target));
  assertEquals(missing, []);
});

Deno.test("deno.json names exact versions", async () => {
  const targets = Object.values<string>((await readJson("deno.json")).imports);
  assertEquals(targets.filter((target) => !/^(npm|jsr):.+@\d+\.\d+\.\d+$/.test(target)), []);
});
