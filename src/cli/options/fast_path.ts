import { isSetByDefault, type Option, type OptionTable } from "./option_table.ts";
import { GET_TOKEN_OPTIONS, type GetTokenFlags } from "./token_options.ts";

type Value = string | boolean | readonly string[];

/**
 * Returns the flags of a `get-token`, or null for every other command line and for one with any mistake.
 *
 * Loading Cliffy and declaring every flag to it takes as long as the rest of a call that finds its token in the cache. So
 * plain calls of `get-token` are parsed here, exactly as Cliffy parses them, and Cliffy parses, explains or refuses the
 * others.
 */
export function fastPath(args: readonly string[]): GetTokenFlags | null {
  const [command, ...words] = args;
  if (command !== "get-token") return null;
  const options = Object.entries<Option>(GET_TOKEN_OPTIONS satisfies OptionTable);
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
