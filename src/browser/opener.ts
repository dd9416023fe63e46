import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";
import { isWsl } from "./display.ts";

/** A program that opens the browser, with its arguments: the URL is within one of them. */
export interface OpenerCommand {
  /** Name or path of the program. */
  readonly command: string;
  /** Its arguments, each given as it is. */
  readonly args: readonly string[];
  /** Why it can't open this URL, as a sentence without its full stop; absent where it can. */
  readonly refusal?: string;
}

/** What the choice of an opener depends on. */
export interface OpenerContext {
  /** The operating system the opener is for. */
  readonly os: Os;
  /** Where `BROWSER` and the variables of WSL are looked up. */
  readonly env: Environment;
}

/**
 * The longest URL that the shell of Windows gives to a browser, in characters: with a pair of quotes it is the 2083 of
 * INTERNET_MAX_URL_LENGTH (wininet.h). What is longer opens nothing there, and nobody says so.
 */
const MAX_ON_WINDOWS = 2081;

/** The programs that leave it to the shell of Windows which browser it is. */
const SHELL_OF_WINDOWS = /(?:^|[/\\])(?:rundll32\.exe|wslview)$/i;

/**
 * The commands that open `url`, in the order to try them: those of `BROWSER` if it is set, else the system's own.
 *
 * None of them is a shell, which would take a URL apart at every `&` and run what it finds in it: on Windows the URL
 * handler is called directly instead of `start`, and from WSL neither `cmd.exe` nor `explorer.exe` is used. `wslview` has
 * PowerShell open the URL, in double quotes, where a dollar sign alone has a meaning.
 */
export function openerCommands(url: string, context: OpenerContext): OpenerCommand[] {
  const commands = commandsFor(url, context);
  if (url.length <= MAX_ON_WINDOWS) return commands;
  const refusal = `Windows opens no address of more than ${MAX_ON_WINDOWS} characters by itself`;
  return commands.map((command) =>
    SHELL_OF_WINDOWS.test(command.command) ? { ...command, refusal } : command
  );
}

function commandsFor(url: string, { os, env }: OpenerContext): OpenerCommand[] {
  const browser = env.get("BROWSER");
  if (browser !== undefined) return browserVariableCommands(browser, url, os);
  switch (os) {
    case "darwin":
      return [{ command: "open", args: [url] }];
    case "windows":
      return [{ command: "rundll32.exe", args: ["url.dll,FileProtocolHandler", url] }];
    case "linux":
      return isWsl(env)
        ? [
          { command: "wslview", args: [url] },
          { command: "rundll32.exe", args: ["url.dll,FileProtocolHandler", url] },
        ]
        : [{ command: "xdg-open", args: [url] }];
  }
}

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
