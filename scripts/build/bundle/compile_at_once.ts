import { join } from "@std/path/join";
import { calledFunctions, type FunctionRange } from "./called_functions.ts";

/**
 * Has V8 compile those functions of the bundle in `folder` at once that a token in the cache calls. Otherwise it looks
 * through each to find its end, and reads it once more when it is called: for a program that is over so soon, that is one
 * reading too many.
 */
export async function compileAtOnce(folder: string, main: string): Promise<void> {
  await rewriteCalled(folder, main);
  // Once more, for what came out of that has to give tokens too.
  await calledFunctions(folder, join(folder, main));
}

async function rewriteCalled(folder: string, main: string): Promise<void> {
  for (const [name, functions] of await calledFunctions(folder, join(folder, main))) {
    const path = join(folder, name);
    await Deno.writeTextFile(path, withCompiled(await Deno.readTextFile(path), functions));
  }
}

/** The imports at the beginning of a module. */
const IMPORTS = /^(?:\s*import[^"';]*"[^"]*";)*/;

/** A function that is declared, and its name. */
const DECLARATION = /^((?:async )?function)( ?\*)? ?([\w$]+)(?=\()/;

/**
 * The module `code` with those declarations of functions in brackets that are called, for which V8 compiles them as it
 * reads them: `var f=(function(){…});`. They go before everything else, for a declaration at the top of a module holds
 * wherever it stands. One in a block doesn't; a bundle has none.
 *
 * @param functions All functions of the module, as a debugger tells them.
 */
export function withCompiled(code: string, functions: readonly FunctionRange[]): string {
  const declared = outermost(code, functions).filter(({ isCalled, start, end }) =>
    isCalled && /^$|[;}\n]/.test(code.slice(start - 1, start)) && DECLARATION.test(code.slice(start, end))
  );
  if (declared.length === 0) return code;
  const compiled = declared.map(({ start, end }) => {
    // Without its name, which would be another inside: it is named after the variable.
    return `${code.slice(start, end).replace(DECLARATION, "$3=($1$2")})`;
  });
  let rest = "";
  let at = 0;
  for (const { start, end } of declared) {
    rest += code.slice(at, start);
    at = end;
  }
  rest += code.slice(at);
  const imports = IMPORTS.exec(rest)?.[0] ?? "";
  return `${imports}var ${compiled.join(",")};${rest.slice(imports.length)}`;
}

/** The functions that are in no other, in their order. The module itself, which is told as one, is none. */
function outermost(code: string, functions: readonly FunctionRange[]): FunctionRange[] {
  const found: FunctionRange[] = [];
  for (const range of functions.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const isModule = range.start === 0 && range.end >= code.trimEnd().length;
    if (!isModule && range.start >= (found.at(-1)?.end ?? 0)) found.push(range);
  }
  return found;
}
