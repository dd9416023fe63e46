import { CliError } from "../../errors.ts";
import type { AuthorizationResponse, PastedVerdict } from "../../flows/sign_in/interactive_session.ts";
import type { Terminal } from "../../system/terminal/terminal.ts";
import { typeOn } from "./typed_line.ts";

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
  validate: (text: string) => PastedVerdict,
  signal: AbortSignal,
): Promise<AuthorizationResponse> {
  let line = "";
  for await (const chunk of terminal.typed(signal)) {
    const typed = typeOn(line, chunk);
    line = typed.line;
    for (const entered of typed.entered) {
      if (entered.trim() === "") continue;
      const verdict = validate(entered);
      if (verdict.kind === "accepted") return verdict.response;
      say(`${verdict.reason}. Copy the whole address and paste it again.`);
    }
  }
  signal.throwIfAborted();
  throw new CliError("interrupted", "Interrupted");
}
