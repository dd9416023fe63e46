/**
 * Writes `docs/reference/commands.md` from the option tables, which the help uses too, and the topics of the help into
 * their pages. With `--check`, fails if a page differs.
 *
 * Usage: deno task command-page [--check]
 */

import { COMMAND_GROUPS, GROUP_TITLES, usageOf } from "../../src/cli/help.ts";
import type { AnyCommand } from "../../src/cli/options/add_options.ts";
import { COMMAND_OPTIONS, type CommandName } from "../../src/cli/options/command_options.ts";
import { type Option, OPTION_GROUPS } from "../../src/cli/options/option_table.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/options/token_options.ts";
import { buildProgram, COMMAND_NAMES } from "../../src/cli/program.ts";
import { errorCodesOf, EXIT_TABLE, type Topic, type TopicPart, TOPICS } from "../../src/cli/topics.ts";
import { MemoryContext } from "../../tests/support/fixtures/command_fixture.ts";
import { formatMarkdown } from "./error_page.ts";

const TOP = new URL("../../", import.meta.url);

/** The markers around the text of a topic in its page. */
const TOPIC_MARKS = [
  "<!-- topic: deno task command-page writes this part from src/cli/topics.ts -->\n",
  "<!-- end of topic -->",
] as const;

const HEAD = `---
title: Commands
description: Every command of entra-auth-cli with its options.
weight: 60
---

# Commands

<!-- deno task command-page writes this page from src/cli/options. -->
<!-- not run on this page: the examples of the help, which need accounts, files or programs of yours -->

\`entra-auth-cli COMMAND --help\` prints the same, without the options that few users need; \`--help --all\` prints
those too.

`;

/** Returns the text of the page, before it is formatted. */
export async function commandPage(): Promise<string> {
  const program = await buildProgram(null, new MemoryContext());
  const listed = COMMAND_GROUPS.flatMap(([, names]) => names);
  const called = COMMAND_NAMES.filter((name) => !listed.includes(name));
  const groups = [...COMMAND_GROUPS, ["Called by other programs", called] as const];
  const contents = groups.map(([title, names]) =>
    `- ${title}: ${names.map((name) => `[${name}](#${name})`).join(", ")}\n`
  );
  const everywhere = `## Options of every command\n\n${table("", Object.values(GLOBAL_OPTIONS))}`;
  const commands = groups.flatMap(([, names]) => names.map((name) => section(program, name)));
  return `${HEAD}${contents.join("")}\n${everywhere}\n${commands.join("\n")}`;
}

function section(program: AnyCommand, name: CommandName): string {
  const command = program.getCommand(name, true);
  if (command === undefined) throw new Error(`The program has no command ${name}`);
  const examples = command.getExamples().map(({ name, description }) => `# ${name}\n${description}\n`);
  const options = Object.values<Option>(COMMAND_OPTIONS[name]).filter(({ hidden }) => !hidden);
  const tables = [undefined, ...OPTION_GROUPS].map((group) =>
    table(
      group === undefined ? "Options" : GROUP_TITLES[group],
      options.filter((each) => each.group === group),
    )
  );
  return `## ${name}\n\n${escapeMarkdown(command.getDescription().replaceAll("\n", " "))}\n\n` +
    `\`\`\`text\nentra-auth-cli ${name} ${usageOf(command, name)}\n\`\`\`\n\n` +
    (examples.length === 0 ? "" : `\`\`\`bash\n${examples.join("")}\`\`\`\n\n`) +
    tables.join("");
}

/** Returns a table of options, or nothing without any. */
function table(title: string, options: readonly Option[]): string {
  if (options.length === 0) return "";
  const rows = options.map(({ flag, short, value, description, repeats }) => {
    const names = [flag, ...short === undefined ? [] : [short]].map((each) =>
      `\`${value === undefined ? each : `${each} <${value}>`}\``
    );
    const text = `${escapeMarkdown(description)}${repeats === true ? " Repeatable." : ""}`;
    return `| ${names.join(", ")} | ${text} |\n`;
  });
  return `| ${title} | |\n| --- | --- |\n${rows.join("")}\n`;
}

/** Escapes Markdown, and prints variables as code. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(
    /(\$[A-Z_]+)|[<>*_|]/g,
    (found, variable: string | undefined) => variable === undefined ? `\\${found}` : `\`${found}\``,
  );
}

/** Returns `page` with the text of its topic, before it is formatted. Throws an `Error` if the page lacks the marks. */
export function withTopic(page: string, { parts }: Topic): string {
  const [start, end] = TOPIC_MARKS;
  const [before, rest] = page.split(start);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) {
    throw new Error(`Missing marks: expected ${start} … ${end}`);
  }
  return `${before}${start}\n${parts.map(topicPart).join("\n")}\n${end}${after}`;
}

function topicPart(part: TopicPart): string {
  if (typeof part === "string") return `${part}\n`;
  if ("points" in part) return part.points.map((point) => `- ${point}\n`).join("");
  if ("commands" in part) return `\`\`\`bash\n${part.commands.join("\n")}\n\`\`\`\n`;
  const title = part.title === undefined ? "" : `## ${part.title}\n\n`;
  const isExitTable = part === EXIT_TABLE;
  const head = isExitTable
    ? `| ${part.head.join(" | ")} | \`code\` in JSON |\n| --: | --- | --- |\n`
    : `| ${part.head.join(" | ")} |\n| --- | --- |\n`;
  const rows = part.rows.map(([code, text]) => {
    const names = isExitTable ? ` ${errorCodesOf(code).map((name) => `\`${name}\``).join(", ")} |` : "";
    return `| ${code} | ${text} |${names}\n`;
  });
  return `${title}${head}${rows.join("")}`;
}

/** Returns the pages that this script writes, by their paths. */
async function pages(): Promise<Map<string, string>> {
  const pages = new Map([["docs/reference/commands.md", await formatMarkdown(await commandPage())]]);
  for (const topic of Object.values<Topic>(TOPICS)) {
    const page = await Deno.readTextFile(new URL(topic.page, TOP));
    pages.set(topic.page, await formatMarkdown(withTopic(page, topic)));
  }
  return pages;
}

if (import.meta.main) {
  for (const [path, page] of await pages()) {
    const file = new URL(path, TOP);
    if (!Deno.args.includes("--check")) await Deno.writeTextFile(file, page);
    else if (page !== await Deno.readTextFile(file).catch(() => "")) {
      // deno-lint-ignore no-console -- a script's own output
      console.log(`${path} differs from the tables in src/cli: run deno task command-page`);
      Deno.exitCode = 1;
    }
  }
}
