import type { Sandbox } from "./sandbox.ts";
import { hasCommand, type RunningShell, type ShellOptions, startShell } from "./shell.ts";

/** Whether there is no pseudo-terminal to be had: `script` of util-linux makes them, which every Linux has. */
export const hasNoPseudoTerminal: boolean = Deno.build.os !== "linux" || !hasCommand("script");

/**
 * Runs a shell command on a terminal of its own, where `entra-auth-cli` is the program. What the terminal shows is on
 * stdout, its colours and cursor movements included; what is typed into it is echoed as on any terminal.
 */
export async function startOnTerminal(
  sandbox: Sandbox,
  command: string,
  options: ShellOptions = {},
): Promise<RunningShell> {
  const env = { TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env };
  // The window gets a size first: one of no columns has no room for a prompt.
  const sized = `stty rows 40 cols 150; exec ${command}`;
  return await startShell(sandbox, ["script", "--quiet", "--return", "--command", sized, "/dev/null"], {
    ...options,
    env,
  });
}

/**
 * The text that is on a terminal in the end, without colours and other cursor movements: what is written after a return to
 * the start of a line stands in place of what was there.
 */
export function plainScreen(shown: string): string {
  // deno-lint-ignore no-control-regex
  const text = shown.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll(/\r+\n/g, "\n");
  return text.split("\n").map((line) => line.split("\r").reduce(overwrite).trimEnd()).join("\n");
}

function overwrite(line: string, by: string): string {
  return by + line.slice(by.length);
}
