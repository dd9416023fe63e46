import type { Sandbox } from "./sandbox.ts";
import { hasCommand, type RunningShell, type ShellOptions, startShell } from "./shell.ts";

/** Whether pseudo-terminals are unavailable: they need `script` of util-linux, which every Linux has. */
export const hasNoPseudoTerminal: boolean = Deno.build.os !== "linux" || !hasCommand("script");

/**
 * Runs a shell command, in which `entra-auth-cli` is the program, on a pseudo-terminal. Its stdout is the output of
 * the terminal, with colors, cursor movements and the echo of the input.
 */
export async function startOnTerminal(
  sandbox: Sandbox,
  command: string,
  options: ShellOptions = {},
): Promise<RunningShell> {
  const env = { TERM: "xterm-256color", LANG: "C.UTF-8", ...options.env };
  // A terminal without a size has no room for a prompt.
  const sized = `stty rows 40 cols 150; exec ${command}`;
  return await startShell(sandbox, ["script", "--quiet", "--return", "--command", sized, "/dev/null"], {
    ...options,
    env,
  });
}

/**
 * Returns the final text of a terminal, without colors and cursor movements: text after a carriage return or a backspace
 * replaces the text before it.
 */
export function plainScreen(shown: string): string {
  // deno-lint-ignore no-control-regex
  const text = shown.replaceAll(/\x1b\[[\d;?]*[A-Za-z]/g, "").replaceAll(/\r+\n/g, "\n");
  return text.split("\n").map(finalLine).join("\n");
}

function finalLine(written: string): string {
  const cells: string[] = [];
  let column = 0;
  for (const character of written) {
    if (character === "\r") column = 0;
    else if (character === "\b") column--;
    else cells[column++] = character;
  }
  return cells.join("").trimEnd();
}
