import { assert, assertEquals } from "@std/assert";
import { Command } from "@cliffy/command";
import { addOptions } from "../../../../src/cli/options/add_options.ts";
import { COMMAND_OPTIONS, commandLine } from "../../../../src/cli/options/command_options.ts";
import type { OptionTable } from "../../../../src/cli/options/option_table.ts";
import { GLOBAL_OPTIONS } from "../../../../src/cli/options/token_options.ts";
import { COMMAND_NAMES } from "../../../../src/cli/program.ts";

const TABLES: Readonly<Record<string, OptionTable>> = COMMAND_OPTIONS;
const ADDED_BY_CLIFFY = ["--help", "--version"];

const flagsOf = (table: OptionTable) => Object.values(table).map(({ flag }) => flag);
const ALL_FLAGS = new Set([
  ...Object.values(TABLES).flatMap(flagsOf),
  ...flagsOf(GLOBAL_OPTIONS),
  ...ADDED_BY_CLIFFY,
]);

/** The flags of other programs that messages and sources name. */
const FOREIGN = /^--(allow(-[a-z]+)?|also(-run)?|no-prompt|no|public-client-redirect-uris)$/;
/** Lines with a command or a flag of another program, or with a custom property of CSS. */
const FOREIGN_LINE =
  /\baz\(|\baz [a-z]|git config|curl |\bad (app|sp|user) |"search", "--unlock"|--label=|var\(--|^\s*--[a-z-]+: |\bflags: "/;

/** Returns the code of each file in a folder, line by line, without comments. */
async function* sourceLines(folder: URL): AsyncGenerator<{ path: string; line: string }> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) {
      yield* sourceLines(url);
      continue;
    }
    const text = (await Deno.readTextFile(url)).replaceAll(/^\s*\/\*[\s\S]*?\*\//gm, "");
    for (const line of text.split("\n")) {
      if (!/^\s*\/\//.test(line)) yield { path: url.pathname, line };
    }
  }
}

Deno.test("each command has a table of its flags", () => {
  assertEquals(Object.keys(COMMAND_OPTIONS), [...COMMAND_NAMES]);
});

Deno.test("each flag is parsed by Cliffy into its key in the table", async () => {
  for (const [command, table] of Object.entries(TABLES)) {
    for (const [key, { flag, short, value, repeats }] of Object.entries(table)) {
      for (const name of short === undefined ? [flag] : [flag, short]) {
        const parser = addOptions(new Command().throwErrors().noExit(), table);
        const words = value === undefined ? [name] : [name, "a value"];
        const options: Readonly<Record<string, unknown>> = (await parser.parse(words)).options;
        const parsed = value === undefined ? !flag.startsWith("--no-") : repeats ? ["a value"] : "a value";
        assertEquals(options[key], parsed, `${command} ${name}`);
      }
    }
  }
});

Deno.test("a flag that several commands have takes a value in all of them, or in none", () => {
  for (const flag of ALL_FLAGS) {
    const options = Object.values(TABLES).flatMap((table) => Object.values(table));
    const values = options.filter((option) => option.flag === flag).map(({ value }) => value !== undefined);
    assert(new Set(values).size <= 1, flag);
  }
});

Deno.test("each flag that a message, a hint or an example prints is in the tables", async () => {
  const unknown: string[] = [];
  for await (const { path, line } of sourceLines(new URL("../../../../src/", import.meta.url))) {
    if (FOREIGN_LINE.test(line)) continue;
    for (const { 0: flag, index } of line.matchAll(/(?<![\w-])--[a-z][a-z-]*[a-z]/g)) {
      const [, command = ""] = /.*entra-auth-cli ([a-z-]+) /.exec(line.slice(0, index)) ?? [];
      const table = TABLES[command];
      const known = table === undefined
        ? ALL_FLAGS
        : new Set([...flagsOf(table), ...flagsOf(GLOBAL_OPTIONS), ...ADDED_BY_CLIFFY]);
      if (!known.has(flag) && !FOREIGN.test(flag)) unknown.push(`${path}: ${command} ${flag}`);
    }
  }
  assertEquals(unknown, []);
});

Deno.test("commandLine() prints a call with its flags, quoted for a shell", () => {
  assertEquals(commandLine("list-profiles"), "entra-auth-cli list-profiles");
  assertEquals(
    commandLine("get-token", {
      profile: "my app",
      scope: ["User.Read", "Mail.Read"],
      cache: false,
      force: true,
    }),
    'entra-auth-cli get-token --profile "my app" --scope "User.Read Mail.Read" --no-cache --force',
  );
  assertEquals(
    commandLine("get-token", { scope: undefined, cache: true, quiet: false }),
    "entra-auth-cli get-token",
  );
});
