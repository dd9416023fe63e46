import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { manPages, roff } from "../../scripts/build/release/man_pages.ts";
import { COMMAND_OPTIONS } from "../../src/cli/options/command_options.ts";
import { type Option, type OptionTable } from "../../src/cli/options/option_table.ts";
import { buildProgram, COMMAND_NAMES } from "../../src/cli/program.ts";
import { EXIT_TABLE, TOPICS, VARIABLE_TABLES, withoutMarks } from "../../src/cli/topics.ts";
import { MemoryContext } from "../support/fixtures/command_fixture.ts";
import { hasCommand } from "../support/program/shell.ts";

const PAGES = await manPages("1.2.3");

function pageOf(name: string): string {
  const page = PAGES.get(name);
  assert(page !== undefined, `There is no page ${name}`);
  return page;
}

Deno.test("each command has a manual page with the flags of its help, and the program one with all commands", () => {
  assertEquals(PAGES.size, COMMAND_NAMES.length + 1);
  const tables: Readonly<Record<string, OptionTable>> = COMMAND_OPTIONS;
  for (const name of COMMAND_NAMES) {
    assert(pageOf("entra-auth-cli.1").includes(roff(`entra-auth-cli-${name}(1)`)), name);
    const page = pageOf(`entra-auth-cli-${name}.1`);
    for (const { flag, description, hidden } of Object.values<Option>(tables[name] ?? {})) {
      assertEquals([flag, page.includes(`\\fB${roff(flag)}\\fR`)], [flag, !hidden]);
      if (!hidden) assert(page.includes(`\n${roff(description)}`), flag);
    }
  }
});

Deno.test("the manual page of the program has every exit code and variable of the help's topics", () => {
  const page = pageOf("entra-auth-cli.1");
  const tables = [EXIT_TABLE, ...VARIABLE_TABLES];
  for (const [code, meaning] of tables.flatMap(({ rows }) => rows)) {
    assert(page.includes(`\\fB${roff(withoutMarks(code))}\\fR\n${roff(withoutMarks(meaning))}\n`), code);
  }
  assert(TOPICS.environment.parts.some((part) => part === VARIABLE_TABLES[0]));
});

Deno.test("roff() escapes requests, and what would be printed as another character", () => {
  assertEquals(
    roff(".profile 'a' -b ~c `d` ^e \\n …"),
    "\\&.profile \\(aqa\\(aq \\-b \\(tic \\(gad\\(ga \\(hae \\en \\[u2026]",
  );
});

const hasNoMandoc = !hasCommand("mandoc");

Deno.test({
  name: `mandoc reads the manual pages without a warning, and shows examples that can be copied${
    hasNoMandoc ? " (ignored: no mandoc here)" : ""
  }`,
  ignore: hasNoMandoc,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-man-" });
    try {
      for (const [name, text] of PAGES) await Deno.writeTextFile(join(folder, name), text);
      const lint = await mandoc(folder, "-T", "lint", "-W", "warning");
      // The same version gives the same bytes: there is no date.
      assertEquals(lint.split("\n").filter((line) => !/^$|missing date, using ""/.test(line)), []);
      const shown = await mandoc(folder, "-T", "utf8", "-O", "width=300");
      // deno-lint-ignore no-control-regex -- a letter is overstruck to be bold or underlined
      const lines = shown.replaceAll(/.\x08/g, "").split("\n").map((line) => line.trim());
      const program = await buildProgram(null, new MemoryContext());
      const examples = COMMAND_NAMES.flatMap((name) => program.getCommand(name, true)?.getExamples() ?? []);
      const wanted = examples.flatMap(({ description }) => description.split("\n"));
      assertEquals(wanted.filter((line) => !lines.includes(line.trim())), []);
      assert(wanted.length > 40);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

async function mandoc(folder: string, ...flags: string[]): Promise<string> {
  const command = new Deno.Command("mandoc", { args: [...flags, ...PAGES.keys()], cwd: folder });
  const { stdout, stderr } = await command.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}
