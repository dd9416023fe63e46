import { join } from "@std/path/join";

/**
 * Has the modules in `folder` load a file beside them, `./msal.js`, where they load a package of `names`, which maps its
 * name to the file's. An executable that has to look into an import map for it starts later.
 */
export async function nameFiles(folder: string, names: Readonly<Record<string, string>>): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    await Deno.writeTextFile(path, withFiles(await Deno.readTextFile(path), names));
  }
}

/** JavaScript as a bundler writes it, with `from"./msal.js"` in place of `from"@azure/msal-node"`. */
export function withFiles(code: string, names: Readonly<Record<string, string>>): string {
  return code.replace(/\b((?:from|import)\s*\(?\s*)"([^"]+)"/g, (whole, before, target) => {
    const name = Object.hasOwn(names, target) ? names[target] : undefined;
    return name === undefined ? whole : `${before}"./${name}.js"`;
  });
}
