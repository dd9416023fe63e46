import type { Environment } from "../system/environment.ts";
import type { Os } from "../system/os.ts";
import { browserVariableCommands } from "./browser_variable.ts";
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
