import { abortable } from "@std/async/abortable";
import { CliError } from "../errors.ts";
import { Secret } from "../secret.ts";
import type { Terminal } from "../system/terminal.ts";
import type { CommandContext } from "./context.ts";

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

/**
 * Asks for something that nobody is to read along: what is typed is not shown. Enter alone means none, which is null.
 *
 * @throws {CliError} `interrupted` when the person ends it.
 */
export async function askSecret({ terminal, interrupted }: Asker, label: string): Promise<Secret | null> {
  const { Secret: SecretPrompt } = await import("@cliffy/prompt");
  const prompt = SecretPrompt.prompt({ message: label, hidden: true, writer: await openQuestions(terminal) });
  const text = await abortable(prompt, interrupted);
  return text === "" ? null : new Secret(text);
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

/** Where questions are asked: stdout stays data. */
async function openQuestions(terminal: Terminal): Promise<{ writeSync(data: Uint8Array): number }> {
  const screen = await terminal.screen();
  if (screen === null) {
    throw new CliError("person_needed", "There is a question to answer, and no terminal to ask it on", {
      hint: "Run the command on a terminal, or give the answers as flags: see --help.",
    });
  }
  const decoder = new TextDecoder();
  return {
    writeSync(data) {
      screen.show(decoder.decode(data, { stream: true }));
      return data.length;
    },
  };
}
