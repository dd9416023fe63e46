import { CliError } from "../../errors.ts";

/** Longer than any address that a browser takes. */
const MAX_LINE = 64 * 1024;

/** What keys make of a line: the lines that were entered, and the one that is being typed. @throws {CliError} `interrupted` for Ctrl-C and Ctrl-D. */
export function typeOn(line: string, keys: string): { entered: string[]; line: string } {
  const entered: string[] = [];
  // Some terminals mark what is pasted. The marks of arrows and the like are dropped as well.
  // deno-lint-ignore no-control-regex -- it is control characters that these are made of
  for (const key of keys.replaceAll(/\x1b\[[\d;]*[A-Za-z~]/g, "")) {
    if (key === "\x03" || key === "\x04") throw new CliError("interrupted", "Interrupted");
    if (key === "\r" || key === "\n") {
      entered.push(line);
      line = "";
    } else if (key === "\x7f" || key === "\b") line = line.slice(0, -1);
    else if (key === "\x15") line = "";
    else if (key >= " " && line.length < MAX_LINE) line += key;
  }
  return { entered, line };
}
