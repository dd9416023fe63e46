import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";
import type { Screen, Terminal } from "../../system/terminal/terminal.ts";
import type { CommandContext } from "../context.ts";

/** How a question is asked. */
export interface QuestionOptions {
  /** What Enter alone means. */
  readonly byDefault?: string | undefined;
  /** Answers to complete with the Tab key. */
  readonly suggestions?: readonly string[];
}

/** What asking needs. */
export type Asker = Pick<CommandContext, "terminal" | "interrupted">;

/**
 * Asks a question on the terminal until `check` accepts the answer. What `check` makes of the answer is returned.
 *
 * @throws {CliError} `interrupted` when the person ends it.
 */
export async function ask<T>(
  { terminal, interrupted }: Asker,
  label: string,
  check: (text: string) => T,
  { byDefault, suggestions }: QuestionOptions = {},
): Promise<T> {
  const { Input } = await import("@cliffy/prompt");
  const prompt = Input.prompt({
    message: label,
    writer: await openQuestions(terminal),
    ...(byDefault === undefined ? {} : { default: byDefault }),
    ...(suggestions === undefined ? {} : { suggestions: [...suggestions] }),
    validate: (text) => {
      try {
        check(text);
        return true;
      } catch (error) {
        if (error instanceof CliError) return oneLine(error);
        throw error;
      }
    },
  });
  // The prompt reads Ctrl-C only while it reads keys, and hears of no other signal at all.
  return check(await abortable(prompt, interrupted));
}

function oneLine({ message, hint }: CliError): string {
  return hint === undefined ? message : `${message}. ${hint.replaceAll("\n", " ")}`;
}

/** Asks for a yes or no; Enter alone means no. */
export async function confirm({ terminal, interrupted }: Asker, question: string): Promise<boolean> {
  const { Confirm } = await import("@cliffy/prompt");
  const writer = await openQuestions(terminal);
  const prompt = Confirm.prompt({ message: question, default: false, writer });
  return await abortable(prompt, interrupted);
}

/** Where questions are asked: stdout stays data. @throws {CliError} `person_needed` where nobody would see them. */
export async function screenForQuestions(terminal: Pick<Terminal, "screen">): Promise<Screen> {
  const screen = await terminal.screen();
  if (screen !== null) return screen;
  throw new CliError("person_needed", "There is a question to answer, and no terminal to ask it on", {
    hint: "Run the command on a terminal, or give the answers as flags: see --help.",
  });
}

async function openQuestions(terminal: Terminal): Promise<{ writeSync(data: Uint8Array): number }> {
  const screen = await screenForQuestions(terminal);
  const decoder = new TextDecoder();
  return {
    writeSync(data) {
      screen.show(decoder.decode(data, { stream: true }));
      return data.length;
    },
  };
}
