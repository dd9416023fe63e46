import { CliError } from "../errors.ts";
import type { AuthorizationResponse, PastedVerdict } from "../flows/person.ts";
import type { Terminal } from "../system/terminal.ts";

/** Longer than any address that a browser takes. */
const LONGEST_LINE = 64 * 1024;

/**
 * Reads addresses that the person pastes, each ended by Enter, until `judge` takes one. Nothing of them is shown, for
 * they hold a code.
 *
 * @param say Says what is wrong with one that is not taken.
 * @throws {CliError} `interrupted` for Ctrl-C, where the terminal doesn't make a signal of it; the reason of `signal`.
 */
export async function askForAddress(
  terminal: Pick<Terminal, "typed">,
  say: (line: string) => void,
  judge: (text: string) => PastedVerdict,
  signal: AbortSignal,
): Promise<AuthorizationResponse> {
  let line = "";
  for await (const chunk of terminal.typed(signal)) {
    const typed = typeOn(line, chunk);
    line = typed.line;
    for (const entered of typed.entered) {
      if (entered.trim() === "") continue;
      const verdict = judge(entered);
      if (verdict.kind === "accepted") return verdict.response;
      say(`${verdict.reason}. Copy the whole address and paste it again.`);
    }
  }
  signal.throwIfAborted();
  throw new CliError("interrupted", "Interrupted");
}

/** What keys make of a line: the lines that were entered, and the one that is being typed. */
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
    else if (key >= " " && line.length < LONGEST_LINE) line += key;
  }
  return { entered, line };
}
