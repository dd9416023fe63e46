import type { AnyCommand } from "./options/add_options.ts";
import { COMMAND_OPTIONS, type CommandName } from "./options/command_options.ts";
import { type Option, OPTION_GROUPS, type OptionTable } from "./options/option_table.ts";
import { takesProfileWord } from "./options/profile_argument.ts";
import { GLOBAL_OPTIONS } from "./options/token_options.ts";
import type { ProgramLinks } from "./program_version.ts";
import { TOPIC_NAMES, type TopicName, type TopicPart, TOPICS, withoutMarks } from "./topics.ts";

export interface HelpStyle {
  /** No line is longer, except for a word that is. */
  readonly width: number;
  readonly isColoured: boolean;
  /** Whether to list the flags that few users need. */
  readonly showsAll: boolean;
  /** Null if the program does not know its repository. */
  readonly links: ProgramLinks | null;
}

/** The commands in the order of the help. The integrations, which only other programs call, are not listed. */
export const COMMAND_GROUPS: readonly (readonly [title: string, names: readonly CommandName[]])[] = [
  ["Sign in", ["get-token", "request", "exec", "refresh", "inspect", "status", "clear-cache"]],
  ["Profiles", [
    "create-profile",
    "list-profiles",
    "show-profile",
    "use-profile",
    "edit-profile",
    "delete-profile",
    "export-profile",
    "import-profile",
  ]],
  ["Integrations", ["serve", "credential-helper", "install-shims", "completions"]],
  ["Diagnostics", ["doctor", "explain", "permissions"]],
];

/** The titles of the groups of flags. */
export const GROUP_TITLES: Readonly<Record<(typeof OPTION_GROUPS)[number], string>> = {
  "sign-in": "Sign-in options",
  "application": "Application options",
  "network": "Network options",
};

/** The flags of every command that Cliffy and this program add. */
const STANDARD: readonly Option[] = [
  { flag: "--help", short: "-h", description: "Show this help." },
  { flag: "--version", short: "-V", description: "Show the version." },
  ...Object.values(GLOBAL_OPTIONS),
];

const PROGRAM = "entra-auth-cli";

/** For a program that was built from a clone: its user has the repository. */
const LINKS_IN_WORDS: ProgramLinks = {
  documentation: "README.md and docs/ in the repository of this program",
  issues: "in the same place",
};

/** Returns the help of the program, or of the one of its commands that was called. */
export function formatHelp(program: AnyCommand, called: CommandName | null, style: HelpStyle): string {
  const command = called === null ? program : program.getCommand(called, true) ?? program;
  const layout = new Layout(style);
  layout.paragraph(command.getDescription());
  layout.heading("Usage");
  layout.text(
    `${PROGRAM} ${called === null ? "<command> [options]" : `${called} ${usageOf(command, called)}`}`,
    2,
    6,
  );
  const examples = command.getExamples();
  if (examples.length > 0) layout.heading("Examples");
  for (const { name, description } of examples) {
    if (name !== "") layout.text(`# ${name}`, 2, 4);
    layout.command(description);
  }
  if (called === null) listCommands(program, layout);
  else listOptions(COMMAND_OPTIONS[called], style, layout);
  layout.heading(called === null ? "Options" : "Global options");
  layout.items(STANDARD.map(optionItem));
  if (called === null) {
    layout.heading("Topics");
    layout.items(TOPIC_NAMES.map((name) => ({ label: name, text: TOPICS[name].summary })));
  }
  layout.blank();
  if (called === null) {
    layout.text(`Show the options of a command: ${PROGRAM} get-token --help`);
    layout.text(`Show a topic: ${PROGRAM} help flows`);
  } else if (hasRare(COMMAND_OPTIONS[called]) && !style.showsAll) {
    layout.text(`Show more options: ${PROGRAM} ${called} --help --all`);
  }
  const { documentation, issues } = style.links ?? LINKS_IN_WORDS;
  layout.text(`Documentation: ${documentation}`);
  layout.text(`Issues: ${issues} (add the output of ${PROGRAM} doctor)`);
  return layout.toString();
}

/** Returns the text of `help TOPIC`. */
export function formatTopic(name: TopicName, style: HelpStyle): string {
  const { page, parts } = TOPICS[name];
  const layout = new Layout(style);
  for (const part of parts) {
    layout.blank();
    addPart(part, layout);
  }
  layout.blank();
  const folder = style.links?.documentation.replace(/\/docs$/, "");
  layout.text(
    `More: ${folder === undefined ? `${page} in the repository of this program` : `${folder}/${page}`}`,
  );
  return layout.toString();
}

function addPart(part: TopicPart, layout: Layout): void {
  if (typeof part === "string") layout.paragraph(withoutMarks(part));
  else if ("points" in part) {
    for (const point of part.points) layout.text(`- ${withoutMarks(point)}`, 0, 2);
  } else if ("commands" in part) {
    for (const command of part.commands) layout.line(`  ${command}`);
  } else {
    if (part.title !== undefined) layout.heading(part.title);
    layout.items(part.rows.map(([code, text]) => ({ label: withoutMarks(code), text: withoutMarks(text) })));
  }
}

/** Returns what follows the name of a command in its usage line. */
export function usageOf(command: AnyCommand, called: CommandName): string {
  const usage = command.getUsage();
  // Commands with more than arguments have a usage of their own.
  if (usage.includes("[options]")) return usage;
  const words = command.getArguments().map(({ name, optional, variadic }) => {
    const text = variadic === true ? `${name}...` : name;
    return optional === true ? `[${text}]` : `<${text}>`;
  });
  if (takesProfileWord(called)) words.push("[profile]");
  return ["[options]", ...words].join(" ");
}

function listCommands(program: AnyCommand, layout: Layout): void {
  const items = new Map(
    COMMAND_GROUPS.flatMap(([, names]) => names).map((name) => {
      const [summary = ""] = (program.getCommand(name, true)?.getDescription() ?? "").split("\n", 1);
      return [name, { label: name, text: summary }];
    }),
  );
  for (const [title, names] of COMMAND_GROUPS) {
    layout.heading(title);
    layout.items(names.flatMap((name) => items.get(name) ?? []), [...items.values()]);
  }
}

function listOptions(table: OptionTable, { showsAll }: HelpStyle, layout: Layout): void {
  const shown = Object.values<Option>(table).filter(({ hidden, rare }) => !hidden && (showsAll || !rare));
  const all = [...shown, ...STANDARD].map(optionItem);
  for (const group of [undefined, ...OPTION_GROUPS]) {
    const options = shown.filter((option) => option.group === group);
    if (options.length === 0) continue;
    layout.heading(group === undefined ? "Options" : GROUP_TITLES[group]);
    layout.items(options.map(optionItem), all);
  }
}

function hasRare(table: OptionTable): boolean {
  return Object.values<Option>(table).some(({ hidden, rare }) => rare === true && hidden !== true);
}

interface Item {
  readonly label: string;
  readonly text: string;
}

function optionItem({ flag, short, value, description }: Option): Item {
  const names = short === undefined ? `    ${flag}` : `${short}, ${flag}`;
  return { label: value === undefined ? names : `${names} <${value}>`, text: description };
}

/** Lays out text in lines of at most a width. */
class Layout {
  readonly #lines: string[] = [];

  constructor(private readonly style: HelpStyle) {}

  blank(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== "") this.#lines.push("");
  }

  heading(title: string): void {
    this.blank();
    this.#lines.push(this.style.isColoured ? `\x1b[1m${title}:\x1b[22m` : `${title}:`);
  }

  /** Adds lines that are wrapped on their own. */
  paragraph(text: string): void {
    for (const line of text.split("\n")) this.text(line);
  }

  /** Adds text with `indent` blanks before its first line and `hanging` before the others. */
  text(text: string, indent = 0, hanging = indent): void {
    this.#lines.push(...wrap(text.split(" "), this.style.width, " ".repeat(indent), " ".repeat(hanging)));
  }

  /** Adds a line that is never wrapped. */
  line(text: string): void {
    this.#lines.push(text);
  }

  /** Adds a command line, which can be copied also if it is wrapped. */
  command(text: string): void {
    const words = wordsOf(text);
    const lines = wrap(words, this.style.width - 2, "  ", "    ");
    this.#lines.push(...lines.map((line, at) => at < lines.length - 1 ? `${line} \\` : line));
  }

  /** Adds a list in two columns. The first is as wide as the labels of `all` need, but not much. */
  items(items: readonly Item[], all: readonly Item[] = items): void {
    const { width } = this.style;
    const longest = Math.max(...all.map(({ label }) => label.length));
    const column = Math.min(longest, Math.floor(width * 0.4)) + 4;
    for (const { label, text } of items) {
      const lines = wrap(text.split(" "), width, " ".repeat(column), " ".repeat(column));
      const isNarrow = label.length + 4 <= column;
      if (isNarrow) this.#lines.push(`  ${label.padEnd(column - 2)}${lines.shift()?.slice(column) ?? ""}`);
      else this.#lines.push(`  ${label}`);
      this.#lines.push(...lines);
    }
  }

  toString(): string {
    return this.#lines.map((line) => `${line.trimEnd()}\n`).join("");
  }
}

/** Joins words to lines of at most `width` characters. */
function wrap(words: readonly string[], width: number, indent: string, hanging: string): string[] {
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of words) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hanging;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line];
}

/** Splits a command line at blanks that are not in quotes. */
function wordsOf(command: string): string[] {
  return command.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
}
