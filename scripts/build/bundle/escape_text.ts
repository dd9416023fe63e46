import { join } from "@std/path/join";

/**
 * Writes every character of the modules in `folder` that is not ASCII as its escape. One such character, and V8 keeps the
 * whole module in two bytes for each character, which take longer to read.
 */
export async function escapeModules(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    const path = join(folder, name);
    await Deno.writeTextFile(path, escapeText(await Deno.readTextFile(path)));
  }
}

/** JavaScript that means the same, for they are in nothing but its texts and regular expressions: `"\u2713"` for `"✓"`. */
export function escapeText(code: string): string {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
