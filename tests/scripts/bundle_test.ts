import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { bundle } from "../../scripts/bundle.ts";

/** The module at `path` with all that it loads before it runs, but for what it loads late. */
async function loadedAtOnce(path: string, seen = new Map<string, string>()): Promise<Map<string, string>> {
  if (seen.has(path)) return seen;
  const text = await Deno.readTextFile(path);
  seen.set(path, text);
  for (const [, target = ""] of text.matchAll(/(?:\bfrom|\bimport) ?"([^"]+)"/g)) {
    if (target.startsWith("./")) await loadedAtOnce(join(dirname(path), target), seen);
    else seen.set(target, "");
  }
  return seen;
}

Deno.test("bundle() keeps what a cached token needs apart from MSAL, from Node's modules and from the prompts", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bundle-" });
  try {
    const { main } = await bundle({ folder });
    const modules = await loadedAtOnce(main);
    for await (const { name } of Deno.readDir(folder)) {
      if (/^(get_token|get_silently)-/.test(name)) await loadedAtOnce(join(folder, name), modules);
    }
    const [...names] = modules.keys();
    assert(names.length > 5, names.join());
    assertEquals(names.filter((name) => !name.startsWith(folder)), []);
    const text = [...modules.values()].join();
    for (const late of ["node:", "createRequire"]) assert(!text.includes(late), late);
    assertStringIncludes(await Deno.readTextFile(join(folder, "msal.js")), "PublicClientApplication");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
