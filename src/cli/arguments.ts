/** The program's arguments as they were typed, and what is read from them without Cliffy. */

import type { CommandName } from "./options/command_options.ts";
import { isSetByDefault, type Option, type OptionTable } from "./options/option_table.ts";
import {
  GET_TOKEN_OPTIONS,
  type GetTokenFlags,
  GLOBAL_OPTIONS,
  REFRESH_OPTIONS,
  type RefreshFlags,
  TOKEN_OPTIONS,
} from "./options/token_options.ts";
import type { ErrorStyle } from "./report_error.ts";
import type { TerminalStyle } from "./terminal/terminal_ui.ts";

/** The word before those that a shell wants completed. Only completion scripts type it. */
export const COMPLETE = "__complete";

/** The first word of `help COMMAND` and `help TOPIC`. */
export const HELP = "help";

/** Returns the arguments up to `--`: the rest belongs to another program. */
export function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end === -1 ? args : args.slice(0, end);
}

/**
 * Commands that other programs call in place of another one. The help does not list them, and their errors are text
 * whatever the output format is, because the callers show them as they are.
 */
export const INTEGRATIONS: readonly string[] = ["az", "azd", "docker-credential"] satisfies CommandName[];

/** Commands that only another program runs. */
const CALLED_BY_PROGRAMS: readonly string[] = ["credential-helper", ...INTEGRATIONS];

/** Returns how errors are printed. It reads unparsed arguments: they may be the error. */
export function errorStyle(args: readonly string[]): ErrorStyle {
  const own = ownArguments(args);
  const command = own.find((arg) => !arg.startsWith("-")) ?? "";
  return {
    asJson: hasOutput(own, "json") && !INTEGRATIONS.includes(command),
    verbose: own.includes(GLOBAL_OPTIONS.verbose.flag),
    isCalled: CALLED_BY_PROGRAMS.includes(command) || hasOutput(own, "exec-credential"),
  };
}

/** Reports whether the unparsed arguments choose an output format. */
function hasOutput(args: readonly string[], format: string): boolean {
  const { flag, short } = GET_TOKEN_OPTIONS.output;
  return args.some((arg, index) =>
    [`${flag}=${format}`, `${short}=${format}`, `${short}${format}`].includes(arg) ||
    (arg === format && [flag, short].some((name) => name === args[index - 1]))
  );
}

/** Returns what the unparsed arguments say about the look of the output. */
export function terminalStyle(args: readonly string[]): TerminalStyle {
  const own = ownArguments(args);
  const { quiet, silent } = TOKEN_OPTIONS;
  return {
    isPlain: own.includes(GLOBAL_OPTIONS.plain.flag),
    isQuiet: [quiet.flag, quiet.short, silent.flag].some((flag) => own.includes(flag)),
  };
}

type Value = string | boolean | readonly string[];

/** A command line that is parsed without Cliffy. */
export type PlainCall =
  | { readonly command: "get-token"; readonly flags: GetTokenFlags }
  | { readonly command: "refresh"; readonly flags: RefreshFlags };

/**
 * Parses a plain `get-token` or `refresh`. Returns null for every other command line and for one with any mistake.
 *
 * Loading Cliffy and declaring every flag to it takes as long as the rest of a call that finds its token in the cache. So
 * plain calls are parsed here, exactly as Cliffy parses them, and Cliffy parses, explains or refuses the others.
 */
export function fastPath(args: readonly string[]): PlainCall | null {
  const [command, ...words] = args;
  if (command === "get-token") {
    const flags = parseFlags(words, GET_TOKEN_OPTIONS);
    return flags === null ? null : { command, flags };
  }
  if (command !== "refresh") return null;
  const flags = parseFlags(words, REFRESH_OPTIONS);
  return flags === null ? null : { command, flags };
}

/** Returns the flags in `words`, or null if there is anything else. */
function parseFlags(words: string[], table: OptionTable): Record<string, Value> | null {
  const options = Object.entries<Option>(table);
  const defaults = options.flatMap(([key, { flag }]) => isSetByDefault(flag) ? [[key, true]] : []);
  const parsed = new Map<string, Value>();
  while (words.length > 0) {
    const read = readFlag(words, options);
    if (read === null) return null;
    const { key, value, repeats } = read;
    const before = parsed.get(key);
    if (repeats) parsed.set(key, [...Array.isArray(before) ? before : [], String(value)]);
    else if (before === undefined) parsed.set(key, value);
    else return null;
  }
  return { ...Object.fromEntries(defaults), ...Object.fromEntries(parsed) };
}

interface ReadFlag {
  readonly key: string;
  readonly value: string | boolean;
  readonly repeats: boolean;
}

/** Takes one flag and its value off the beginning of `words`; null if it is unknown or has no proper value. */
function readFlag(words: string[], options: readonly [string, Option][]): ReadFlag | null {
  const word = words.shift() ?? "";
  const equals = word.startsWith("--") ? word.indexOf("=") : -1;
  const name = equals === -1 ? word : word.slice(0, equals);
  const [key, option] = options.find(([, { flag, short }]) => flag === name || short === name) ?? [];
  if (key === undefined || option === undefined) return null;
  if (option.value === undefined) {
    return equals === -1 ? { key, value: !isSetByDefault(option.flag), repeats: false } : null;
  }
  const value = equals === -1 ? words.shift() : word.slice(equals + 1);
  // A value that is empty or looks like a flag is more likely a mistake.
  if (value === undefined || value === "" || value.startsWith("-")) return null;
  return { key, value, repeats: option.repeats ?? false };
}

/** The commands of the .NET tool of the same name, for users who migrate from it. */
const CONFIG_COMMANDS: Readonly<Record<string, CommandName>> = {
  create: "create-profile",
  list: "list-profiles",
  show: "show-profile",
  edit: "edit-profile",
  delete: "delete-profile",
  export: "export-profile",
  import: "import-profile",
};

/** Replaces `config create` and the like by this program's commands, such as `create-profile`. */
export function withoutConfigAlias(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => !arg.startsWith("-"));
  const [config, name = ""] = args.slice(at, at + 2);
  if (at < 0 || config !== "config" || !Object.hasOwn(CONFIG_COMMANDS, name)) return args;
  return [...args.slice(0, at), CONFIG_COMMANDS[name] ?? name, ...args.slice(at + 2)];
}

/**
 * Splits `-ojson` into `-o json`, as az and kubectl do; Cliffy would read each letter as a flag. Only short flags that
 * have a value in every command are split.
 */
export function withoutJoinedValues(args: readonly string[]): readonly string[] {
  const own = ownArguments(args);
  const split = own.flatMap((arg) => /^-[finops][^=]/.test(arg) ? [arg.slice(0, 2), arg.slice(2)] : [arg]);
  return [...split, ...args.slice(own.length)];
}

/**
 * Returns the error in arguments that Cliffy would ignore, or null. Cliffy drops an empty value and an empty argument, so
 * `clear-cache --profile "$UNSET"` would clear another profile; and it skips what follows `--`, which only exec runs.
 */
export function ignoredArgumentError(args: readonly string[], called: string | null): string | null {
  const own = ownArguments(args);
  const flag = own.find((arg, at) => /^-./.test(arg) && (own[at + 1] === "" || /^[^=]+=$/.test(arg)));
  if (flag !== undefined) return `Missing value for option "${flag.replace(/=$/, "")}".`;
  if (own.includes("")) return 'Invalid argument "": expected a value, or no argument at all.';
  const hasMore = args.length > own.length + 1;
  if (!hasMore || called === "exec" && own.includes(called)) return null;
  return "Only exec runs a command after --.";
}
