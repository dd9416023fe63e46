/** Parses what is written in PowerShell with its grammar for tree-sitter, because PowerShell itself runs nowhere here. */

import { assertEquals } from "@std/assert";
import { parse as parseYaml } from "@std/yaml/parse";
import { DEV_FOLDER, makeFolderOnce, unpackFromNpm } from "../../scripts/offline/npm_package.ts";
import { runCompletions } from "../../src/cli/commands/completions.ts";
import { MemoryContext } from "../support/fixtures/command_fixture.ts";
import { hasCommand } from "../support/program/shell.ts";

const GRAMMAR = {
  name: "tree-sitter-powershell",
  version: "0.26.4",
  integrity:
    "sha512-5RwNW/qN/cKArZY0znvTOG+OWSau7Agel5K0A8KQ5Nubw/4SyZ5KC02RKCaYcA2ur5UQ8esyxe9+6yXup2MXkw==",
};
const PARSER = {
  name: "web-tree-sitter",
  version: "0.27.2",
  integrity:
    "sha512-ZRo86GKI4aOSBAqOrPmCtriExI3xIzu1sNw/V6v3b4QGxrEmO19FGwbMNdyhw3MJLAZIw0xAV0oSpqX361eAyQ==",
};

/** A node of the syntax tree, as far as the tests use it. */
interface SyntaxNode {
  readonly type: string;
  readonly text: string;
  readonly isError: boolean;
  readonly isMissing: boolean;
  readonly startPosition: { readonly row: number };
  readonly children: readonly SyntaxNode[];
}

/** Downloads the grammar once and returns a function that parses a script. */
async function openParser(): Promise<(script: string) => SyntaxNode> {
  const folder = new URL("powershell/", DEV_FOLDER);
  await makeFolderOnce(folder, JSON.stringify([GRAMMAR, PARSER]), async (draft) => {
    await unpackFromNpm(GRAMMAR, draft, "grammar", ["tree-sitter-powershell.wasm"]);
    await unpackFromNpm(PARSER, draft, "parser");
  });
  const read = (name: string) => Deno.readFile(new URL(name, folder));
  const { Parser, Language } = await import(new URL("parser/web-tree-sitter.js", folder).href);
  await Parser.init({ wasmBinary: await read("parser/web-tree-sitter.wasm") });
  const parser = new Parser();
  parser.setLanguage(await Language.load(await read("grammar/tree-sitter-powershell.wasm")));
  return (script) => parser.parse(script).rootNode;
}

function* nodesOf(node: SyntaxNode): Generator<SyntaxNode> {
  yield node;
  for (const child of node.children) yield* nodesOf(child);
}

function mistakes(root: SyntaxNode): string[] {
  return [...nodesOf(root)].filter(({ isError, isMissing }) => isError || isMissing)
    .map(({ startPosition, text }) => `line ${startPosition.row + 1}: ${text.slice(0, 60)}`);
}

const INSTALL = new URL("../../scripts/install.ps1", import.meta.url);
const ACTION = new URL("../../.github/actions/setup-entra-auth-cli/action.yml", import.meta.url);

/** Commands that would read a bracket in a path as a pattern. */
const GLOBBING = /^(Get-ChildItem|Get-Content|Get-FileHash|Move-Item|Remove-Item|Test-Path)\b/;

Deno.test({
  name: "the scripts in PowerShell parse, and take every path literally",
  ignore: !hasCommand("npm"),
  async fn(test) {
    const parse = await openParser();
    await test.step("a mistake is found", () => assertEquals(mistakes(parse("if (1 {")).length > 0, true));
    const context = new MemoryContext();
    await runCompletions("powershell", context);
    const { runs } = parseYaml(await Deno.readTextFile(ACTION)) as {
      runs: { steps: { shell: string; run: string }[] };
    };
    const scripts = {
      "install.ps1": await Deno.readTextFile(INSTALL),
      "completions": context.terminal.data,
      "action.yml": runs.steps.find(({ shell }) => shell === "pwsh")?.run ?? "",
    };
    for (const [name, script] of Object.entries(scripts)) {
      await test.step(name, () => {
        const root = parse(script);
        assertEquals(mistakes(root), []);
        const commands = [...nodesOf(root)].filter(({ type }) => type === "command").map(({ text }) => text);
        const literal = commands.filter((text) => GLOBBING.test(text) && !text.includes("-LiteralPath"));
        // What a pipe passes to it is literal.
        assertEquals(
          literal,
          name === "install.ps1" ? ["Remove-Item -Force -ErrorAction SilentlyContinue"] : [],
        );
      });
    }
  },
});
