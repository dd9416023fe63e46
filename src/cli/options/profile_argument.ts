import { INTEGRATIONS, ownArguments } from "../arguments.ts";
import { COMMAND_OPTIONS, type CommandName } from "./command_options.ts";
import type { Option, OptionTable } from "./option_table.ts";

/** Commands whose arguments do not name a profile. */
const OTHER_ARGUMENTS: readonly CommandName[] = [
  "inspect",
  "explain",
  "permissions",
  "credential-helper",
  "import-profile",
  "install-shims",
  "serve",
  "request",
];

/** The other way to name a profile, for each of the two. */
export const PROFILE_ALIASES: Readonly<Record<string, string>> = {
  "--name": "--profile",
  "-n": "--profile",
  "--profile": "--name",
  "-p": "--name",
};

/** Reports whether a word after the command names a profile. */
export function takesProfileWord(called: CommandName): boolean {
  const flags = Object.values<Option>(COMMAND_OPTIONS[called]).map(({ flag }) => flag);
  return [...OTHER_ARGUMENTS, ...INTEGRATIONS].every((name) => name !== called) &&
    flags.some((flag) => flag === "--profile" || flag === "--name");
}

/**
 * Returns the arguments with the profile named by the flag that the command has. Users can type `--profile work`,
 * `--name work` or just `work` after every command that works on one profile.
 */
export function withProfileFlag(args: readonly string[], called: CommandName | null): readonly string[] {
  if (called === null || INTEGRATIONS.includes(called)) return args;
  const table: OptionTable = COMMAND_OPTIONS[called];
  const own = ownArguments(args);
  const rest = args.slice(own.length);
  const words: string[] = [];
  const isHere = (flag: string) => Object.values<Option>(table).some((option) => isFlag(option, flag));
  // Without `--`, a word after exec is a command that lacks it.
  const mayBeWord = takesProfileWord(called) && (called !== "exec" || rest.length > 0);
  let isAfterCommand = false;
  for (let at = 0; at < own.length; at++) {
    const word = own[at] ?? "";
    if (!word.startsWith("-")) {
      const isProfile = mayBeWord && isAfterCommand && word !== "";
      words.push(isProfile ? `${isHere("--name") ? "--name" : "--profile"}=${word}` : word);
      isAfterCommand ||= word === called;
      continue;
    }
    const [name = "", ...value] = word.split("=");
    const alias = PROFILE_ALIASES[name];
    const typed = !isHere(name) && alias !== undefined && isHere(alias) ? alias : name;
    words.push([typed, ...value].join("="));
    const option = Object.values<Option>(table).find((each) => isFlag(each, typed));
    // The next word is the value of this flag.
    if (option?.value !== undefined && value.length === 0 && at + 1 < own.length) words.push(own[++at] ?? "");
  }
  return [...words, ...rest];
}

function isFlag({ flag, short }: Option, typed: string): boolean {
  return flag === typed || short === typed;
}
