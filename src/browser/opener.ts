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
}

/** What the choice of an opener depends on. */
export interface OpenerContext {
  /** The operating system the opener is for. */
  readonly os: Os;
  /** Where `BROWSER` and the variables of WSL are looked up. */
  readonly env: Environment;
}

/**
 * The commands that open `url`, in the order to try them: those of `BROWSER` if it is set, else the system's own.
 *
 * None of them is a shell, which would take a URL apart at every `&` and run what it finds in it: on Windows the URL
 * handler is called directly instead of `start`, and from WSL neither `cmd.exe` nor `explorer.exe` is used.
 */
export function openerCommands(url: string, { os, env }: OpenerContext): OpenerCommand[] {
  const browser = env.get("BROWSER");
  if (browser !== undefined) return browserVariableCommands(browser, url, os);
  switch (os) {
    case "darwin":
      return [{ command: "open", args: [url] }];
    case "windows":
      return [{ command: "rundll32", args: ["url.dll,FileProtocolHandler", url] }];
    case "linux":
      return isWsl(env)
        ? [
          { command: "wslview", args: [url] },
          { command: "rundll32.exe", args: ["url.dll,FileProtocolHandler", url] },
        ]
        : [{ command: "xdg-open", args: [url] }];
  }
}
