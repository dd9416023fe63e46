import { CliError } from "../../errors.ts";
import { plainText } from "../../text/plain_text.ts";
import type { CommandContext } from "../context.ts";
import type { AnyCommand } from "../options/add_options.ts";
import { COMMAND_OPTIONS } from "../options/command_options.ts";
import type { Option as TableOption, OptionTable } from "../options/option_table.ts";

/** A word that a shell can offer. */
export interface Candidate {
  /** The word as it would be typed without quotes. */
  readonly value: string;
  /** A short description; may be empty. */
  readonly description: string;
}

/** Returns the values of a flag of a command; null if the shell cannot offer any. */
export type FlagValues = (flag: string, command: string) => Promise<readonly string[]> | null;

/** Prints the candidates for the last of `words`, one per line, for a completion script. It never fails. */
export async function printCompletions(
  program: AnyCommand,
  words: readonly string[],
  context: CommandContext,
): Promise<void> {
  const candidates = await completeWords(program, words, flagValues(context));
  const lines = candidates.map(({ value, description }) => `${value}\t${plainText(description)}\n`);
  await context.terminal.writeData(lines.join(""));
}

/** Takes the values from the option tables. */
function flagValues({ profiles }: CommandContext): FlagValues {
  const tables: Readonly<Record<string, OptionTable>> = COMMAND_OPTIONS;
  return (flag, command) => {
    const options: readonly TableOption[] = Object.values(tables[command] ?? {});
    const completions = options.find((option) => option.flag === flag)?.completions;
    if (completions === undefined) return null;
    return completions === "profiles" ? profileNames(profiles) : Promise.resolve(completions);
  };
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
 * argument with a completion of its own (as in `<shell:string:shell>`) uses that, and a flag uses `flagValues`.
 */
export async function completeWords(
  program: AnyCommand,
  words: readonly string[],
  flagValues: FlagValues,
): Promise<Candidate[]> {
  const plain = words.map(unquoted);
  const typed = plain.at(-1) === "=" ? "" : plain.at(-1) ?? "";
  const before = plain.slice(0, -1).filter((word) => word !== "=");
  // The rest belongs to another program.
  if (before.includes("--")) return [];
  const { command, rest } = findCommand(program, before);
  const { prefix, option } = optionInHand(command, rest, typed);
  if (option !== undefined) {
    const values = await (flagValues(longFlag(option.flags), command.getName()) ?? []);
    return startingWith(typed, values.map((value) => ({ value: prefix + value, description: "" })));
  }
  if (typed.startsWith("-")) return startingWith(typed, flagsOf(command, rest));
  const here = [...commandsOf(command), ...await argumentsOf(command)];
  return startingWith(typed, here.length > 0 ? here : flagsOf(command, rest));
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
  const option = command.getOptions(true).find(({ flags, args }) => flags.includes(name) && args.length > 0);
  return { prefix: flag === undefined ? "" : `${flag}=`, option };
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
