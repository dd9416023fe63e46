import type { Terminal } from "../../system/terminal/terminal.ts";

/**
 * Says what a person has to see to go on: on stderr and, where that is no terminal, on the terminal itself too, for
 * scripts hide stderr. Where there is neither, somebody may read stderr all the same.
 */
export function showToUser(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) terminal.say(line);
  if (terminal.stderrIsTerminal) return;
  const text = lines.map((line) => `${line}\n`).join("");
  // Where it can't be reached, it was said on stderr.
  terminal.screen().then((screen) => screen?.show(text), () => {});
}
