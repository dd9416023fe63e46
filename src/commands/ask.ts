import { abortable } from "@std/async/abortable";
import { CliError } from "../errors.ts";
import type { CommandContext } from "./context.ts";

/** What asking needs. */
export type Asker = Pick<CommandContext, "terminal" | "interrupted">;

/**
 * Asks a question on the terminal until `check` accepts the answer. What `check` makes of the answer is returned.
 *
 * @param byDefault What Enter alone means.
 * @throws {CliError} `interrupted` when the person ends it.
 */
export async function ask<T>(
  { terminal, interrupted }: Asker,
  label: string,
  check: (text: string) => T,
  byDefault?: string,
): Promise<T> {
  const { Input } = await import("@cliffy/prompt");
  const prompt = Input.prompt({
    message: label,
    writer: terminal.questions,
    ...(byDefault === undefined ? {} : { default: byDefault }),
    validate: (text) => {
      try {
        check(text);
        return true;
      } catch (error) {
        if (error instanceof CliError) return [error.message, error.hint].filter(Boolean).join(". ");
        throw error;
      }
    },
  });
  // The prompt reads Ctrl-C only while it reads keys, and hears of no other signal at all.
  return check(await abortable(prompt, interrupted));
}

/** Asks for a yes or no; Enter alone means no. */
export async function confirm({ terminal, interrupted }: Asker, question: string): Promise<boolean> {
  const { Confirm } = await import("@cliffy/prompt");
  const prompt = Confirm.prompt({ message: question, default: false, writer: terminal.questions });
  return await abortable(prompt, interrupted);
}
