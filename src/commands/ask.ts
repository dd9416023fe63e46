import { CliError } from "../errors.ts";
import type { Terminal } from "../system/terminal.ts";

/**
 * Asks a question on the terminal until `check` accepts the answer. What `check` makes of the answer is returned.
 *
 * @param byDefault What Enter alone means.
 * @throws {CliError} `interrupted` when the person ends it.
 */
export async function ask<T>(
  terminal: Terminal,
  label: string,
  check: (text: string) => T,
  byDefault?: string,
): Promise<T> {
  const { Input } = await import("@cliffy/prompt");
  const answer = await Input.prompt({
    message: label,
    writer: terminal.questions,
    ...(byDefault === undefined ? {} : { default: byDefault }),
    validate: (text) => {
      try {
        check(text);
        return true;
      } catch (error) {
        if (error instanceof CliError) return error.message;
        throw error;
      }
    },
  });
  return check(answer);
}

/** Asks for a yes or no; Enter alone means no. */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  const { Confirm } = await import("@cliffy/prompt");
  return await Confirm.prompt({ message: question, default: false, writer: terminal.questions });
}
