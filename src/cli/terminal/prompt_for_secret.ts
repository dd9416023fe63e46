import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import { type Asker, screenForQuestions } from "./prompt.ts";
import { typeOn } from "./typed_line.ts";

/**
 * Asks for something that nobody is to read along: nothing of what is typed or pasted is shown. Enter alone means none,
 * which is null.
 *
 * Not Cliffy's prompt: between two keys it has the terminal show what comes, so that half of what is pasted can be read.
 *
 * @throws {CliError} `interrupted` when the person ends it, `person_needed` where nobody would see the question.
 */
export async function askSecret({ terminal, interrupted }: Asker, label: string): Promise<Secret | null> {
  const screen = await screenForQuestions(terminal);
  let line = "";
  let isAsked = false;
  for await (const keys of terminal.typed(interrupted)) {
    // Not before: what is typed isn't shown from now on.
    if (!isAsked) screen.show(`? ${label} › `);
    isAsked = true;
    const typed = typeOn(line, keys);
    line = typed.line;
    const [entered] = typed.entered;
    if (entered === undefined) continue;
    screen.show("\n");
    return entered === "" ? null : new Secret(entered);
  }
  interrupted.throwIfAborted();
  throw new CliError("interrupted", "Interrupted");
}
