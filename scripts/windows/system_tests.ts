/** Finds the unit tests whose result may differ between systems. */

import { readReachedFiles, type SourceFile } from "../check/import_graph.ts";
import { DEV_FOLDER } from "../offline/npm_package.ts";

const TOP = new URL("../../", import.meta.url);

/** What the standard library and Node's modules offer that depends on the system. */
const SYSTEM_MODULES = /^(node:|@std\/path(\/|$)|src\/system\/)/;

/** Members of `Deno` that give the same on every system. */
const PURE_MEMBERS = new Set(["test", "errors", "inspect", "customInspect"]);

/** Reports whether a file itself does anything that depends on the system. */
function touchesSystem({ path, text, imports }: SourceFile): boolean {
  if (path.startsWith("src/system/")) return true;
  if (imports.some(({ target, typeOnly }) => !typeOnly && SYSTEM_MODULES.test(target))) return true;
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  return code.matchAll(/\bDeno\.(\w+)/g).some(([, member = ""]) => !PURE_MEMBERS.has(member));
}

/**
 * Returns those of `tests` that touch the system themselves or through a module that they import. A test that reaches only
 * pure modules (no files, paths, network, processes, clock, or terminal) has the same result everywhere.
 */
export function testsOfSystem(tests: readonly string[], files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reachesSystem = (test: string): boolean => {
    const seen = new Set([test]);
    for (const path of seen) {
      const file = byPath.get(path);
      if (file === undefined) continue;
      if (touchesSystem(file)) return true;
      for (const { target, typeOnly } of file.imports) {
        if (!typeOnly && byPath.has(target)) seen.add(target);
      }
    }
    return false;
  };
  return tests.filter(reachesSystem);
}

/** Returns those of `tests`, paths from the top folder, that depend on the system. */
export async function findTestsOfSystem(tests: readonly string[]): Promise<string[]> {
  const name = `tests.${crypto.randomUUID()}.ts`;
  const entry = new URL(name, DEV_FOLDER);
  await Deno.writeTextFile(entry, tests.map((test) => `import "../${test}";\n`).join(""));
  try {
    return testsOfSystem(tests, await readReachedFiles(`.dev/${name}`, TOP.href));
  } finally {
    await Deno.remove(entry);
  }
}
