import type { Os } from "../system/os.ts";
import type { OpenerCommand } from "./opener.ts";

/**
 * The commands that `value`, the `BROWSER` variable, asks for, in the order to try them; none for `none`.
 *
 * It is a list, separated by `:` (`;` on Windows), of commands with arguments. `%s` stands for the URL, which is added
 * at the end where there is none. Quotes keep spaces together. A path with spaces needs none: it is tried as a whole
 * first, then with fewer and fewer of its words, the others being arguments. The longest comes first so that nothing
 * named like the first words of a path is ever preferred to it.
 */
export function browserVariableCommands(value: string, url: string, os: Os): OpenerCommand[] {
  if (value.trim().toLowerCase() === "none") return [];
  return splitList(value, os)
    .flatMap((entry) => readings(entry))
    .filter(([command]) => isProgramName(command, os))
    .map(([command, ...args]) => ({ command: withExtension(command, os), args: withUrl(args, url) }));
}

type Words = [command: string, ...args: string[]];

/** Splits at separators outside of quotes. */
function splitList(value: string, os: Os): string[] {
  const separator = os === "windows" ? ";" : ":";
  const entries = value.match(new RegExp(`(?:"[^"]*"|'[^']*'|[^${separator}])+`, "g")) ?? [];
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
}

/** The ways to read one entry as a command and its arguments. */
function readings(entry: string): Words[] {
  const words = splitWords(entry);
  const [first] = words;
  if (first === undefined) return [];
  const isQuoted = /"[^"]*"|'[^']*'/.test(entry);
  const isPath = /[/\\]/.test(first);
  if (isQuoted || !isPath) return [[first, ...words.slice(1)]];
  const firstArgument = words.findIndex((word) => word.startsWith("-") || word.includes("%s"));
  const longest = firstArgument === -1 ? words.length : firstArgument;
  const readings: Words[] = [];
  for (let length = longest; length > 0; length--) {
    readings.push([words.slice(0, length).join(" "), ...words.slice(length)]);
  }
  return readings;
}

function splitWords(entry: string): string[] {
  const words = entry.match(/(?:"[^"]*"|'[^']*'|\S)+/g) ?? [];
  return words.map((word) => word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

/**
 * Whether `command` can be the name of a program. On Windows only `.exe` and `.com` are: everything else (`.bat`,
 * `.cmd`, `.ps1`, …) is run by an interpreter that would read the URL as code. A path has to say which, so that the
 * first words of one with spaces are not taken for a program.
 */
function isProgramName(command: string, os: Os): boolean {
  if (command === "" || command.startsWith("-") || command.includes("%s")) return false;
  if (os !== "windows") return true;
  const extension = extensionOf(command);
  return extension === ".exe" || extension === ".com" || (extension === "" && !/[/\\]/.test(command));
}

/** On Windows a bare name would also find a `.bat` of that name. */
function withExtension(command: string, os: Os): string {
  return os === "windows" && extensionOf(command) === "" ? `${command}.exe` : command;
}

/** The extension as Windows sees it: without the dots and spaces at the end, which it drops. */
function extensionOf(command: string): string {
  const name = command.split(/[/\\:]/).at(-1)?.replace(/[. ]+$/, "") ?? "";
  return /\.[^.]*$/.exec(name)?.[0].toLowerCase() ?? "";
}

function withUrl(args: readonly string[], url: string): string[] {
  if (!args.some((arg) => arg.includes("%s"))) return [...args, url];
  return args.map((arg) => arg.replaceAll("%s", () => url));
}
