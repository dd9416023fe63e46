import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";
import { isWsl } from "./display.ts";

/** A program that opens the browser, and its arguments, one of which contains the URL. */
export interface OpenerCommand {
  /** Name or path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** Why it cannot open this URL, as a sentence without its full stop; absent if it can. */
  readonly refusal?: string | undefined;
}

/** The environment that an opener is chosen for. */
export interface OpenerContext {
  readonly os: Os;
  readonly env: Environment;
}

/**
 * The longest URL, in characters, that the Windows shell passes to a browser: with a pair of quotes it has the 2083
 * characters of INTERNET_MAX_URL_LENGTH (wininet.h). Windows ignores a longer URL without an error.
 */
const MAX_SHELL_URL_LENGTH = 2081;

/**
 * Where the installers put browsers on Windows, which leave `PATH` alone. `deno.json` permits to start them, so these are
 * literal paths.
 */
const WINDOWS_PLACES: Readonly<Record<string, readonly string[]>> = {
  "firefox.exe": [String.raw`C:\Program Files\Mozilla Firefox\firefox.exe`],
  "chrome.exe": [
    String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
    String.raw`C:\Program Files (x86)\Google\Chrome\Application\chrome.exe`,
  ],
  "msedge.exe": [String.raw`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`],
};

/** Programs that let the Windows shell choose the browser. */
const WINDOWS_SHELL_OPENER = /(?:^|[/\\])(?:rundll32\.exe|wslview)$/i;

/**
 * Returns the commands that open `url`, in the order to try them: those of `BROWSER` if it is set, else the system's own.
 *
 * None of them is a command shell, which would split the URL at every `&` and run the parts. Windows therefore uses the
 * URL handler instead of `start`, and WSL uses neither `cmd.exe` nor `explorer.exe`. `wslview` passes the URL to
 * PowerShell in double quotes, where only a dollar sign has a meaning.
 */
export function openerCommands(url: string, context: OpenerContext): OpenerCommand[] {
  const commands = commandsFor(url, context);
  if (url.length <= MAX_SHELL_URL_LENGTH) return commands;
  const refusal = `Windows cannot open a URL of more than ${MAX_SHELL_URL_LENGTH} characters`;
  return commands.map((command) =>
    WINDOWS_SHELL_OPENER.test(command.command) ? { ...command, refusal } : command
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
 * Returns the commands that `value`, the `BROWSER` variable, names, in the order to try them; none for `none`.
 *
 * The variable is a list of commands with arguments, separated by `:` (`;` on Windows). `%s` stands for the URL, which is
 * appended if there is no `%s`. Quotes group words, and so does a backslash before a space (not on Windows). A path with
 * spaces needs no quotes: it is tried as a whole first, then with fewer words, the rest being arguments. The longest
 * reading comes first, so that a program named like the first words of a path is never preferred to it.
 */
function browserVariableCommands(value: string, url: string, os: Os): OpenerCommand[] {
  if (value.trim().toLowerCase() === "none") return [];
  return splitList(value, os)
    .flatMap((entry) => readings(entry, os))
    .filter(([command]) => isProgramName(command, os))
    .flatMap(([command, ...args]) =>
      placesOf(withExtension(command, os), os).map((place) => ({ command: place, args: withUrl(args, url) }))
    );
}

/** Returns the program itself, which is looked up in `PATH`, and where else a browser of this name may be. */
function placesOf(command: string, os: Os): string[] {
  const name = command.toLowerCase();
  const places = os === "windows" && Object.hasOwn(WINDOWS_PLACES, name) ? WINDOWS_PLACES[name] ?? [] : [];
  return [command, ...places];
}

type Words = [command: string, ...args: string[]];

/** A backslash and the character that it makes literal. Windows separates folders with backslashes. */
function escapeOf(os: Os): string {
  return os === "windows" ? "(?!)" : String.raw`\\[\s"'\\]`;
}

/** Splits at separators outside quotes. */
function splitList(value: string, os: Os): string[] {
  const separator = os === "windows" ? ";" : ":";
  const entries = value.match(new RegExp(`(?:${escapeOf(os)}|"[^"]*"|'[^']*'|[^${separator}])+`, "g")) ?? [];
  return entries.map((entry) => entry.trim()).filter((entry) => entry !== "");
}

/** Returns the ways to read one entry as a command and its arguments. */
function readings(entry: string, os: Os): Words[] {
  const words = splitWords(entry, os);
  const [first] = words;
  if (first === undefined) return [];
  const isQuoted = new RegExp(`${escapeOf(os)}|"[^"]*"|'[^']*'`).test(entry);
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

function splitWords(entry: string, os: Os): string[] {
  const words = entry.match(new RegExp(`(?:${escapeOf(os)}|"[^"]*"|'[^']*'|\\S)+`, "g")) ?? [];
  const quoting = new RegExp(`(${escapeOf(os)})|"([^"]*)"|'([^']*)'`, "g");
  return words.map((word) =>
    word.replace(quoting, (_, escaped, double, single) => escaped?.slice(1) ?? double ?? single)
  );
}

/**
 * Reports whether `command` can name a program. On Windows only `.exe` and `.com` qualify: an interpreter runs everything
 * else (`.bat`, `.cmd`, `.ps1`, …) and would read the URL as code. A path needs its extension, so that the first words of
 * a path with spaces do not pass for a program.
 */
function isProgramName(command: string, os: Os): boolean {
  if (command === "" || command.startsWith("-") || command.includes("%s")) return false;
  if (os !== "windows") return true;
  const extension = extensionOf(command);
  return extension === ".exe" || extension === ".com" || (extension === "" && !/[/\\]/.test(command));
}

/** Appends `.exe` to a bare name on Windows, which would also find a `.bat` of that name. */
function withExtension(command: string, os: Os): string {
  return os === "windows" && extensionOf(command) === "" ? `${command}.exe` : command;
}

/** Returns the extension as Windows sees it: without trailing dots and spaces, which Windows drops. */
function extensionOf(command: string): string {
  const name = command.split(/[/\\:]/).at(-1)?.replace(/[. ]+$/, "") ?? "";
  return /\.[^.]*$/.exec(name)?.[0].toLowerCase() ?? "";
}

function withUrl(args: readonly string[], url: string): string[] {
  if (!args.some((arg) => arg.includes("%s"))) return [...args, url];
  return args.map((arg) => arg.replaceAll("%s", () => url));
}
