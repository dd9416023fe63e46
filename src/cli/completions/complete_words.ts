import { CliError } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import { HELP } from "../arguments.ts";
import type { CommandContext } from "../context.ts";
import type { AnyCommand } from "../options/add_options.ts";
import { COMMAND_OPTIONS, type CommandName } from "../options/command_options.ts";
import type { Option as TableOption, OptionTable } from "../options/option_table.ts";
import { PROFILE_ALIASES, takesProfileWord } from "../options/profile_argument.ts";
import { TOPIC_NAMES, TOPICS } from "../topics.ts";

/** A word that a shell can offer. */
export interface Candidate {
  /** The word as it would be typed without quotes. */
  readonly value: string;
  /** A short description; may be empty. */
  readonly description: string;
}

/** What the shell can offer besides the names of commands and flags. */
export interface CompletionValues {
  /** Returns the values of a flag of a command; null if the shell cannot offer any. */
  ofFlag(flag: string, command: string): Promise<readonly string[]> | null;
  /** Returns the profiles that can be typed after a command without a flag. */
  profilesOf(command: string): Promise<readonly string[]>;
}

/** Prints the candidates for the last of `words`, one per line, for a completion script. It never fails. */
export async function printCompletions(
  program: AnyCommand,
  words: readonly string[],
  context: CommandContext,
): Promise<void> {
  const candidates = await completeWords(program, words, completionValues(context));
  const lines = candidates.map(({ value, description }) => `${value}\t${plainText(description)}\n`);
  await context.terminal.writeData(lines.join(""));
}

/** Takes the values from the option tables. */
function completionValues({ profiles }: CommandContext): CompletionValues {
  const tables: Readonly<Record<string, OptionTable>> = COMMAND_OPTIONS;
  const completionsOf = (flag: string, command: string) => {
    const options: readonly TableOption[] = Object.values(tables[command] ?? {});
    return options.find((option) => option.flag === flag)?.completions;
  };
  return {
    ofFlag(flag, command) {
      const completions = completionsOf(flag, command);
      if (completions === undefined) return null;
      return completions === "profiles" ? profileNames(profiles) : Promise.resolve(completions);
    },
    profilesOf(command) {
      const isOffered = isCommand(command) && takesProfileWord(command) &&
        Object.keys(PROFILE_ALIASES).some((flag) => completionsOf(flag, command) === "profiles");
      return isOffered ? profileNames(profiles) : Promise.resolve([]);
    },
  };
}

function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMAND_OPTIONS, name);
}

async function profileNames(profiles: CommandContext["profiles"]): Promise<string[]> {
  try {
    return (await profiles.list()).map(({ name }) => name);
  } catch (error) {
    // A shell that completes a word cannot show an error.
    if (error instanceof CliError) return [];
    throw error;
  }
}

/**
 * Returns the candidates for the last of `words`, which is typed in part or empty. The words are those after the
 * program's name, as the shell splits them: quotes may still be around them, and bash makes three of `--flag=value`. An
 * argument with a completion of its own (as in `<shell:string:shell>`) uses that; flags and profiles use `values`.
 */
export async function completeWords(
  program: AnyCommand,
  words: readonly string[],
  values: CompletionValues,
): Promise<Candidate[]> {
  const plain = words.map(unquoted);
  const typed = plain.at(-1) === "=" ? "" : plain.at(-1) ?? "";
  const before = plain.slice(0, -1).filter((word) => word !== "=");
  // The rest belongs to another program, whose completions the scripts ask for.
  if (before.includes("--")) return [];
  if (before[0] === HELP) {
    return before.length > 1 ? [] : startingWith(typed, [...commandsOf(program), ...TOPIC_CANDIDATES]);
  }
  const { command, rest } = findCommand(program, before);
  const { prefix, option } = optionInHand(command, rest, typed);
  if (option !== undefined) {
    const offered = await (values.ofFlag(longFlag(option.flags), command.getName()) ?? []);
    return startingWith(typed, offered.map((value) => ({ value: prefix + value, description: "" })));
  }
  if (typed.startsWith("-")) return startingWith(typed, flagsOf(command, rest));
  const first = before.length === 0 ? [HELP_CANDIDATE] : [];
  const here = [...commandsOf(command), ...first, ...await argumentsOf(command)];
  if (here.length > 0) return startingWith(typed, here);
  const profiles = namesProfile(command, rest) ? [] : await values.profilesOf(command.getName());
  return startingWith(typed, [
    ...profiles.map((value) => ({ value, description: "" })),
    ...flagsOf(command, rest),
  ]);
}

const HELP_CANDIDATE: Candidate = { value: HELP, description: "Show the help of a command or a topic." };

const TOPIC_CANDIDATES: readonly Candidate[] = TOPIC_NAMES.map((name) => ({
  value: name,
  description: TOPICS[name].summary,
}));

/** Reports whether the words after a command name its profile, with a flag or without one. */
function namesProfile(command: AnyCommand, words: readonly string[]): boolean {
  return words.some((word, at) => {
    const [flag = ""] = word.split("=");
    if (flag.startsWith("-")) return flag in PROFILE_ALIASES;
    return valueOption(command, words[at - 1] ?? "") === undefined;
  });
}

type Option = ReturnType<AnyCommand["getOptions"]>[number];

function unquoted(word: string): string {
  return word.replace(/^(["'])(.*)\1$/, "$2").replace(/^["']/, "");
}

function startingWith(typed: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(typed));
}

/** Returns the command that the words lead to, and the words after its name. */
function findCommand(program: AnyCommand, words: readonly string[]): { command: AnyCommand; rest: string[] } {
  let command = program;
  let rest = [...words];
  for (const [at, word] of words.entries()) {
    const next = word.startsWith("-") ? undefined : command.getCommand(word);
    if (next === undefined) continue;
    command = next;
    rest = words.slice(at + 1);
  }
  return { command, rest };
}

/** Returns the option whose value is being typed, and the part of the word that is the option itself. */
function optionInHand(
  command: AnyCommand,
  words: readonly string[],
  typed: string,
): { prefix: string; option: Option | undefined } {
  const [, flag] = /^(--[^=]+)=/.exec(typed) ?? [];
  const name = flag ?? words.at(-1) ?? "";
  return { prefix: flag === undefined ? "" : `${flag}=`, option: valueOption(command, name) };
}

/** Returns the option of a flag that takes a value. `--name` and `--profile` mean the same. */
function valueOption(command: AnyCommand, flag: string): Option | undefined {
  const options = command.getOptions(true).filter(({ args }) => args.length > 0);
  const find = (name: string | undefined) =>
    name === undefined ? undefined : options.find(({ flags }) => flags.includes(name));
  return find(flag) ?? find(PROFILE_ALIASES[flag]);
}

/** Returns the long flags that were not typed yet, and those that can be repeated. */
function flagsOf(command: AnyCommand, words: readonly string[]): Candidate[] {
  const isLeft = ({ flags, collect }: Option) =>
    collect === true || !flags.some((flag) => words.includes(flag));
  return command.getOptions(false).filter(isLeft).flatMap(({ flags, description }) => {
    const long = longFlag(flags);
    return long === "" ? [] : [{ value: long, description: firstLine(description) }];
  });
}

function longFlag(flags: readonly string[]): string {
  return flags.find((flag) => flag.startsWith("--")) ?? "";
}

function commandsOf(command: AnyCommand): Candidate[] {
  return command.getCommands(false)
    .map((each) => ({ value: each.getName(), description: firstLine(each.getShortDescription()) }));
}

async function argumentsOf(command: AnyCommand): Promise<Candidate[]> {
  const own = command.getCompletion(command.getArguments()[0]?.action ?? "");
  if (own === undefined) return [];
  return (await own.complete(command)).map((value) => ({ value: String(value), description: "" }));
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0]?.trim() ?? "";
}
