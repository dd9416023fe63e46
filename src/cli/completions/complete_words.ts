import type { AnyCommand } from "../any_command.ts";

/** Something that a shell can offer. */
export interface Candidate {
  /** The word, as it would be typed without quotes. */
  readonly value: string;
  /** What it is, in a few words; may be empty. */
  readonly description: string;
}

/** Values for the options whose names mean the same in every command; null where a name is none of these. */
export type OptionValues = (option: string, command: string) => Promise<readonly string[]> | null;

/**
 * What may stand in the place of the last of `words`, which is there in part or empty. The words are those after the
 * program's name, as the shell splits them: quotes may still be around them, and bash makes three of `--flag=value`. An
 * option or argument with a completion of its own (as in `<form:string:form>`) is completed by that, any other by
 * `optionValues`.
 */
export async function completeWords(
  program: AnyCommand,
  words: readonly string[],
  optionValues: OptionValues,
): Promise<Candidate[]> {
  const plain = words.map(unquoted);
  const typed = plain.at(-1) === "=" ? "" : plain.at(-1) ?? "";
  const before = plain.slice(0, -1).filter((word) => word !== "=");
  // What follows is another program's.
  if (before.includes("--")) return [];
  const { command, rest } = findCommand(program, before);
  const { prefix, option } = optionInHand(command, rest, typed);
  if (option !== undefined) {
    const values = await valuesOf(command, option, optionValues);
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

/** The command that the words lead to, and the words after its name. */
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

/** The option that the value in hand is for, and what of the value's word is the option itself. */
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

async function valuesOf(
  command: AnyCommand,
  { name, args }: Option,
  optionValues: OptionValues,
): Promise<readonly string[]> {
  const own = command.getCompletion(args[0]?.action ?? "");
  if (own !== undefined) return (await own.complete(command)).map(String);
  return await (optionValues(name, command.getName()) ?? []);
}

/** The long flags that were not typed yet, and those that may be typed again. */
function flagsOf(command: AnyCommand, words: readonly string[]): Candidate[] {
  const isLeft = ({ flags, collect }: Option) =>
    collect === true || !flags.some((flag) => words.includes(flag));
  return command.getOptions(false).filter(isLeft).flatMap(({ flags, description }) => {
    const long = flags.find((flag) => flag.startsWith("--"));
    return long === undefined ? [] : [{ value: long, description: firstLine(description) }];
  });
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
