import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { INTEGRATIONS } from "../../../src/cli/arguments.ts";
import { COMMAND_GROUPS, formatHelp, formatTopic } from "../../../src/cli/help.ts";
import { COMMAND_OPTIONS, type CommandName } from "../../../src/cli/options/command_options.ts";
import type { OptionTable } from "../../../src/cli/options/option_table.ts";
import { buildProgram, COMMAND_NAMES, runProgram } from "../../../src/cli/program.ts";
import { TOPIC_NAMES } from "../../../src/cli/topics.ts";
import { MemoryContext } from "../../support/fixtures/command_fixture.ts";
import { assertGolden } from "../../support/fixtures/golden.ts";

const LISTED = COMMAND_NAMES.filter((name) => !INTEGRATIONS.includes(name));

/** Returns what a command line prints, on a terminal of `width` columns or, without, into a pipe. */
async function printed(args: readonly string[], width?: number, variables = {}): Promise<string> {
  const context = new MemoryContext();
  context.terminal.stdoutIsTerminal = width !== undefined;
  context.terminal.columns = () => width ?? 80;
  Object.assign(context.variables, { NO_COLOR: "1", ...variables });
  await runProgram(args, context);
  assertEquals(context.terminal.said, []);
  return context.terminal.data;
}

for (const width of [60, 80, 120]) {
  Deno.test(`the help of every command is laid out to ${width} columns`, async () => {
    const pages: string[] = [];
    for (const name of [null, ...LISTED]) {
      for (const all of name === "get-token" ? [[], ["--all"]] : [[]]) {
        const args = [...(name === null ? [] : [name]), "--help", ...all];
        const text = await printed(args, width);
        assertEquals(text.split("\n").filter((line) => line.length > width), []);
        pages.push(`$ entra-auth-cli ${args.join(" ")}\n${text}`);
      }
    }
    for (const topic of TOPIC_NAMES) {
      const text = await printed(["help", topic], width);
      // Commands are not wrapped: nobody could copy them.
      assertEquals(text.split("\n").filter((line) => line.length > width && !line.startsWith("  ")), []);
      pages.push(`$ entra-auth-cli help ${topic}\n${text}`);
    }
    await assertGolden(`help_${width}.txt`, pages.join("\n"));
  });
}

Deno.test("a topic has no marks of Markdown", async () => {
  for (const topic of TOPIC_NAMES) {
    const text = await printed(["help", topic]);
    assertEquals(text.match(/`|\*\*|\]\(/g), null, text);
  }
});

Deno.test("help COMMAND prints the help of a command, also by the .NET tool's name, and help help that of all", async () => {
  for (
    const [typed, same] of [["help exec", "exec --help"], ["help config create", "create-profile --help"]]
  ) {
    assertEquals(await printed((typed ?? "").split(" ")), await printed((same ?? "").split(" ")));
  }
  assertEquals(await printed(["help", "help"]), await printed(["--help"]));
  assertEquals(await printed(["help", "--plain", "flows"]), await printed(["help", "flows"]));
});

Deno.test("help is at most 120 columns wide, and 100 without a terminal", async () => {
  const widest = (text: string) => Math.max(...text.split("\n").map((line) => line.length));
  for (const [width, max] of [[300, 120], [undefined, 100]] as const) {
    const longest = widest(await printed(["get-token", "--help", "--all"], width));
    assert(longest <= max && longest > max - 15, `${longest}`);
  }
});

Deno.test("help has bold headings on a terminal unless NO_COLOR, TERM=dumb or --plain forbid it", async () => {
  assertStringIncludes(await printed(["--help"], 80, { NO_COLOR: undefined }), "\x1b[1mUsage:\x1b[22m\n");
  const plain = [
    await printed(["--help"], 80),
    await printed(["--help"], undefined, { NO_COLOR: undefined }),
    await printed(["--help"], 80, { NO_COLOR: undefined, TERM: "dumb" }),
    await printed(["--help", "--plain"], 80, { NO_COLOR: undefined }),
  ];
  for (const text of plain) assert(!text.includes("\x1b"), text);
});

Deno.test("the help lists each command once, and none that only other programs call", () => {
  const listed = COMMAND_GROUPS.flatMap(([, names]) => names);
  assertEquals(listed.toSorted(), LISTED.toSorted());
});

Deno.test("help --all lists every flag, and the usual help hides only the rare ones", async () => {
  for (const name of COMMAND_NAMES) {
    const table: OptionTable = COMMAND_OPTIONS[name];
    const [usual, all] = [await printed([name, "--help"]), await printed([name, "--help", "--all"])];
    const isIn = (text: string, flag: string) => new RegExp(`^ +(-\\w, )? *${flag}( |$)`, "m").test(text);
    for (const { flag, hidden, rare } of Object.values(table)) {
      assertEquals([isIn(all, flag), isIn(usual, flag)], [!hidden, !hidden && !rare], `${name} ${flag}`);
    }
    assertEquals(usual.includes("--help --all"), Object.values(table).some(({ rare }) => rare), name);
  }
});

Deno.test("the examples of a command call it with flags that it has, and are whole if their lines are joined", async () => {
  for (const name of LISTED) {
    const wide = examplesOf(await printed([name, "--help"], 120), name);
    assert(wide.length > 0, name);
    assertEquals(examplesOf(await printed([name, "--help"], 60), name), wide);
    for (const example of wide) {
      const own = example.replace(/ -- .*| \| .*|.*(?=entra-auth-cli)/g, "");
      for (const [flag] of own.matchAll(/(?<= )--?[a-z][a-z-]*/g)) {
        const options = Object.values<{ flag: string; short?: string }>(COMMAND_OPTIONS[name]);
        assert(options.some((option) => option.flag === flag || option.short === flag), `${name}: ${flag}`);
      }
    }
  }
});

/** Returns the examples that call the command, with wrapped lines joined. */
function examplesOf(help: string, name: CommandName): string[] {
  const [, after = ""] = help.split("Examples:\n");
  const [examples = ""] = after.split("\n\n", 1);
  return examples.replaceAll(/ \\\n */g, " ").split("\n").filter((line) =>
    line.includes(`entra-auth-cli ${name}`)
  );
}

Deno.test("help of a release links the documentation of its version and the issues", async () => {
  const style = { width: 100, isColoured: false, showsAll: false };
  const links = {
    documentation: "https://github.com/contoso/entra-auth-cli/tree/v1.2.3/docs",
    issues: "https://github.com/contoso/entra-auth-cli/issues",
  };
  const program = await buildProgram("status", new MemoryContext());
  const linked = formatHelp(program, "status", { ...style, links });
  assertStringIncludes(linked, `\nDocumentation: ${links.documentation}\nIssues: ${links.issues} (`);
  assertStringIncludes(
    formatTopic("flows", { ...style, links }),
    "\nMore: https://github.com/contoso/entra-auth-cli/tree/v1.2.3/docs/",
  );
  assert(!formatHelp(program, "status", { ...style, links: null }).includes("https:"));
});
