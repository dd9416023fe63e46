import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { dirname } from "@std/path/dirname";
import { join } from "@std/path/join";
import { bundle, withoutFiles } from "../../scripts/build/bundle.ts";
import { withCompiled } from "../../scripts/build/bundle/compile_at_once.ts";
import { escapeText } from "../../scripts/build/bundle/escape_text.ts";
import { chunkNames } from "../../scripts/build/bundle/name_chunks.ts";
import { withFiles } from "../../scripts/build/bundle/name_files.ts";

/** The module at `path` with all that it loads before it runs, but for what it loads late. */
async function loadedAtOnce(path: string, seen = new Map<string, string>()): Promise<Map<string, string>> {
  if (seen.has(path)) return seen;
  const text = await Deno.readTextFile(path);
  seen.set(path, text);
  for (const [, target = ""] of text.matchAll(/(?<!")\b(?:from|import) ?"([^"]+)"/g)) {
    if (target.startsWith("./")) await loadedAtOnce(join(dirname(path), target), seen);
    else seen.set(target, "");
  }
  return seen;
}

Deno.test("escapeText() leaves ASCII alone, and code that means the same", () => {
  assertEquals(escapeText('f("✓ \\n\u{1f600}")'), 'f("\\u2713 \\n\\ud83d\\ude00")');
  const characters = "a\0\x7f\x80é✓\u{1f600}\u2028";
  assertEquals(JSON.parse(escapeText(JSON.stringify(characters))), characters);
});

Deno.test("withFiles() names files where packages are loaded, and nowhere else", () => {
  const names = { "@azure/msal-node": "msal", "node-forge": "forge" };
  const code =
    'import{a as b}from"@azure/msal-node";import"node-forge";await import("node-forge");c={"node-forge":"x"}';
  assertEquals(
    withFiles(code, names),
    'import{a as b}from"./msal.js";import"./forge.js";await import("./forge.js");c={"node-forge":"x"}',
  );
  assertEquals(withFiles('import"./chunk.js"', names), 'import"./chunk.js"');
});

Deno.test("withoutFiles() gives a bundle Node's own modules and no files, and refuses one that looks for files otherwise", () => {
  const bundled = 'var a=1;import{createRequire as __internal} from "node:module";' +
    "var b=__internal(import.meta.url);b('node:crypto');";
  assertEquals(
    withoutFiles(bundled),
    'var a=1;import __process from "node:process";var b=(name)=>__process.getBuiltinModule(name);' +
      "b('node:crypto');",
  );
  assertEquals(withoutFiles("var a=1;"), "var a=1;");
  const dynamic = 'throw Error("Dynamic require of");';
  assertEquals(
    withoutFiles(dynamic),
    `import __process from "node:process";const require=(name)=>__process.getBuiltinModule(name);${dynamic}`,
  );
  for (const code of ["f(import.meta.url)", 'import{createRequire as c}from"node:module";c("/")']) {
    assertThrows(() => withoutFiles(code), Error, "looks for files beside it");
  }
});

/** Where `text` stands in `code`, as a function that was called or not. */
function rangeOf(code: string, text: string, isCalled: boolean) {
  const start = code.indexOf(text);
  assert(start !== -1, text);
  return { start, end: start + text.length, isCalled };
}

Deno.test("withCompiled() puts what is called in brackets, where it is declared by itself, and changes nothing else", () => {
  const called = "function f(a){return()=>a+inner();function inner(){return 1}}";
  const waits = "async function g(){return await f(1)()}";
  const idle = "function idle(){}";
  const inner = "function inner(){return 1}";
  const expression = "function h(){return 3}";
  const code = `import{a as b}from"./b.js";import"./c.js";const x=y();${called}${idle}var z=${expression};` +
    `function y(){return f(2)()}${waits}export{f,g,x,z};`;
  const functions = [
    { start: 0, end: code.length, isCalled: true },
    rangeOf(code, called, true),
    rangeOf(code, inner, true),
    rangeOf(code, idle, false),
    rangeOf(code, expression, true),
    rangeOf(code, "function y(){return f(2)()}", true),
    rangeOf(code, waits, true),
  ];
  assertEquals(
    withCompiled(code, functions),
    'import{a as b}from"./b.js";import"./c.js";' +
      `var f=(${called.replace(" f", "")}),y=(function(){return f(2)()}),g=(${waits.replace(" g", "")});` +
      `const x=y();${idle}var z=${expression};export{f,g,x,z};`,
  );
  const uncalled = functions.map((range) => ({ ...range, isCalled: false }));
  assertEquals(withCompiled(code, uncalled), code);
  assertEquals(withCompiled("", []), "");
});

Deno.test("bundle() puts what a cached token needs into two modules, without Cliffy, MSAL, Node's modules or the prompts", async () => {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-bundle-" });
  try {
    const main = await bundle(folder);
    const modules = await loadedAtOnce(main);
    assertEquals(modules.size, 2, [...modules.keys()].join());
    const text = [...modules.values()].join();
    assertEquals(text.match(/[^\0-\x7f]/), null);
    // Each kilobyte takes time to parse at every start.
    assert(text.length < 105_000, `${text.length} characters`);
    // V8 compiles at once what each call needs: the main thread finds the token, in code that both modules have.
    for (const path of modules.keys()) {
      const compiled = (await Deno.readTextFile(path)).match(/[,\s][\w$]+=\((?:async )?function\(/g);
      assert((compiled?.length ?? 0) > 4, `${path}: ${compiled?.length}`);
    }
    // What the start does, what it doesn't.
    for (const part of ["Using cached token", "tokens.enc"]) assertStringIncludes(text, part);
    for (const late of ["node:", "createRequire", "versionOption", "AADSTS"]) {
      assert(!text.includes(late), late);
    }
    assertStringIncludes(await Deno.readTextFile(join(folder, "msal.js")), "PublicClientApplication");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("chunkNames() gives the same names whatever the bundler's hashes are", async () => {
  const namesFor = async (first: string, second: string, third: string) =>
    (await chunkNames(
      new Map([
        ["main.js", `import"./chunk-${first}.js"`],
        [`chunk-${first}.js`, `import"./chunk-${third}.js"`],
        [`chunk-${second}.js`, `import("./late-${first}.js")`],
        [`late-${first}.js`, `import"./chunk-${second}.js"`],
        [`chunk-${third}.js`, "let a=1"],
      ]),
    )).values().toArray();
  const names = await namesFor("AAAAAAAA", "BBBBBBBB", "CCCCCCCC");
  assertEquals(await namesFor("CCCCCCCC", "00000000", "AAAAAAAA"), names);
  assertEquals(new Set(names).size, 4);
  assertEquals(names.every((name) => /^(chunk|late)-[0-9A-F]{8}\.js$/.test(name)), true);
});

Deno.test("chunkNames() tells chunks apart by what they import, and refuses two of the same content", async () => {
  const different = new Map([
    ["chunk-AAAAAAAA.js", 'import"./chunk-CCCCCCCC.js"'],
    ["chunk-BBBBBBBB.js", 'import"./chunk-DDDDDDDD.js"'],
    ["chunk-CCCCCCCC.js", "let a=1"],
    ["chunk-DDDDDDDD.js", "let a=2"],
  ]);
  assertEquals(new Set((await chunkNames(different)).values()).size, 4);
  const alike = new Map([["chunk-AAAAAAAA.js", "let a=1"], ["chunk-BBBBBBBB.js", "let a=1"]]);
  await assertRejects(() => chunkNames(alike), Error, "two have the same content");
});
