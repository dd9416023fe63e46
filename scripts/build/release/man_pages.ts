/**
 * Makes the manual pages, one of the program and one of each command, from the option tables and the topics of the help.
 * Packages contain them; nothing is checked in that could be stale.
 *
 * Usage: deno task man-pages [FOLDER], by default dist/man
 */

import { join } from "@std/path/join";
import { COMMAND_GROUPS, GROUP_TITLES, usageOf } from "../../../src/cli/help.ts";
import type { AnyCommand } from "../../../src/cli/options/add_options.ts";
import { COMMAND_OPTIONS, type CommandName } from "../../../src/cli/options/command_options.ts";
import { type Option, OPTION_GROUPS } from "../../../src/cli/options/option_table.ts";
import { GLOBAL_OPTIONS } from "../../../src/cli/options/token_options.ts";
import { buildProgram, COMMAND_NAMES } from "../../../src/cli/program.ts";
import { EXIT_TABLE, type TopicTable, VARIABLE_TABLES, withoutMarks } from "../../../src/cli/topics.ts";
import { MemoryContext } from "../../../tests/support/fixtures/command_fixture.ts";

const NAME = "entra-auth-cli";

/** The pages by their file names, such as `entra-auth-cli-exec.1`. */
export type ManPages = ReadonlyMap<string, string>;

/** Returns the manual pages of this version of the program. */
export async function manPages(version: string): Promise<ManPages> {
  const program = await buildProgram(null, new MemoryContext());
  return new Map([
    [`${NAME}.1`, programPage(program, version)],
    ...COMMAND_NAMES.map((name) =>
      [`${NAME}-${name}.1`, commandPage(commandOf(program, name), name, version)] as const
    ),
  ]);
}

function commandOf(program: AnyCommand, name: CommandName): AnyCommand {
  const command = program.getCommand(name, true);
  if (command === undefined) throw new Error(`The program has no command ${name}`);
  return command;
}

function programPage(program: AnyCommand, version: string): string {
  const listed = COMMAND_GROUPS.flatMap(([, names]) => names);
  const called = COMMAND_NAMES.filter((name) => !listed.includes(name));
  const groups = [...COMMAND_GROUPS, ["Called by other programs", called] as const];
  const commands = groups.map(([title, names]) =>
    subsection(title) +
    names.map((name) => item(`${NAME}-${name}(1)`, firstLine(commandOf(program, name).getDescription())))
      .join("")
  );
  const files = item("~/.entra-auth-cli", "Profiles, encrypted tokens and locks.");
  return head(NAME, version, program.getDescription()) +
    section("SYNOPSIS", `.B ${roff(NAME)}\n.I command\n.RI [ options ]\n`) +
    section("DESCRIPTION", paragraphs(program.getDescription())) +
    section("COMMANDS", commands.join("")) +
    section("OPTIONS", globalOptions()) +
    section("EXAMPLES", examples(program)) +
    section("EXIT STATUS", tableItems(EXIT_TABLE)) +
    section("ENVIRONMENT", VARIABLE_TABLES.map(tableItems).join("")) +
    section("FILES", files) +
    section("SEE ALSO", paragraphs(`${NAME} help TOPIC`));
}

function commandPage(command: AnyCommand, name: CommandName, version: string): string {
  const options = Object.values<Option>(COMMAND_OPTIONS[name]).filter(({ hidden }) => !hidden);
  const groups = [undefined, ...OPTION_GROUPS].map((group) => {
    const own = options.filter((option) => option.group === group);
    const title = group === undefined ? "" : subsection(GROUP_TITLES[group]);
    return own.length === 0 ? "" : title + own.map(optionItem).join("");
  });
  const shown = examples(command);
  return head(`${NAME}-${name}`, version, command.getDescription()) +
    section("SYNOPSIS", `.B ${roff(`${NAME} ${name}`)}\n${roff(usageOf(command, name))}\n`) +
    section("DESCRIPTION", paragraphs(command.getDescription())) +
    section("OPTIONS", groups.join("") + subsection("Global options") + globalOptions()) +
    (shown === "" ? "" : section("EXAMPLES", shown)) +
    section("SEE ALSO", `.BR ${roff(NAME)} (1)\n`);
}

/** Returns the beginning of a page. It has no date: the same version gives the same bytes. */
function head(name: string, version: string, description: string): string {
  const summary = firstLine(description).replace(/\.$/, "");
  return `.TH ${roff(name.toUpperCase())} 1 "" "${NAME} ${version}" "User Commands"\n` +
    section("NAME", `${roff(name)} \\- ${roff(summary)}\n`);
}

function section(title: string, text: string): string {
  return `.SH ${title}\n${text}`;
}

function subsection(title: string): string {
  return `.SS ${roff(title)}\n`;
}

function paragraphs(text: string): string {
  return text.split("\n").map((line) => `${roff(line)}\n`).join(".PP\n");
}

function globalOptions(): string {
  const standard = [
    { flag: "--help", short: "-h", description: "Show the help; with --all, each option." },
    { flag: "--version", short: "-V", description: "Show the version." },
  ] as const;
  return [...standard, ...Object.values<Option>(GLOBAL_OPTIONS)].map(optionItem).join("");
}

function optionItem({ flag, short, value, description, repeats }: Option): string {
  const names = [...short === undefined ? [] : [short], flag].map((name) => `\\fB${roff(name)}\\fR`).join(
    ", ",
  );
  const typed = value === undefined ? names : `${names} \\fI${roff(value)}\\fR`;
  return `.TP\n${typed}\n${roff(`${description}${repeats === true ? " Repeatable." : ""}`)}\n`;
}

function examples(command: AnyCommand): string {
  return command.getExamples().map(({ name, description }) =>
    `.PP\n${name === "" ? "" : `${roff(name)}:\n`}.PP\n.nf\n.RS\n${
      description.split("\n").map((line) => `${roff(line)}\n`).join("")
    }.RE\n.fi\n`
  ).join("").replace(/^\.PP\n/, "");
}

function tableItems({ title, rows }: TopicTable): string {
  const items = rows.map(([code, text]) => item(withoutMarks(code), withoutMarks(text)));
  return (title === undefined ? "" : subsection(title)) + items.join("");
}

function item(label: string, text: string): string {
  return `.TP\n\\fB${roff(label)}\\fR\n${roff(text)}\n`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** Characters that roff would replace by others, which would break copied commands. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
};

/** Escapes a line of text for roff. */
export function roff(text: string): string {
  const escaped = text.replaceAll(/[\\'`^~-]/g, (character) => ESCAPES[character] ?? character);
  const ascii = escaped.replaceAll(
    // deno-lint-ignore no-control-regex -- whatever is not ASCII
    /[^\x00-\x7f]/gu,
    (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
  );
  return ascii.replace(/^\./, "\\&.");
}

/** Writes the pages into `folder` and returns their number. */
async function writeManPages(folder: string): Promise<number> {
  const { default: { version } } = await import("../../../deno.json", { with: { type: "json" } });
  const pages = await manPages(version);
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, text] of pages) await Deno.writeTextFile(join(folder, name), text);
  return pages.size;
}

if (import.meta.main) {
  const [folder = "dist/man"] = Deno.args;
  // deno-lint-ignore no-console -- a script's own output
  console.log(`${await writeManPages(folder)} pages in ${folder}`);
}
