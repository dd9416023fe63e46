import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";
import type { AuthorizationResponse, PastedVerdict } from "../../flows/sign_in/interactive_session.ts";
import type { Screen, Terminal } from "../../system/terminal/terminal.ts";
import { Secret } from "../../text/secret.ts";
import type { CommandContext } from "../context.ts";

/** How a question is asked. */
export interface QuestionOptions {
  /** What Enter alone means. */
  readonly byDefault?: string | undefined;
  /** Answers to complete with the Tab key. */
  readonly suggestions?: readonly string[];
}

/** What asking needs. */
export type Asker = Pick<CommandContext, "terminal" | "signal">;

/**
 * Asks a question on the terminal until `check` accepts the answer. What `check` makes of the answer is returned.
 *
 * @throws {CliError} `interrupted` when the person ends it.
 */
export async function ask<T>(
  { terminal, signal }: Asker,
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
  return check(await abortable(prompt, signal));
}

function oneLine({ message, hint }: CliError): string {
  return hint === undefined ? message : `${message}. ${hint.replaceAll("\n", " ")}`;
}

/** Asks for a yes or no; Enter alone means no. */
export async function confirm({ terminal, signal }: Asker, question: string): Promise<boolean> {
  const { Confirm } = await import("@cliffy/prompt");
  const writer = await openQuestions(terminal);
  const prompt = Confirm.prompt({ message: question, default: false, writer });
  return await abortable(prompt, signal);
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

/**
 * Asks for something that nobody is to read along: nothing of what is typed or pasted is shown. Enter alone means none,
 * which is null.
 *
 * Not Cliffy's prompt: between two keys it has the terminal show what comes, so that half of what is pasted can be read.
 *
 * @throws {CliError} `interrupted` when the person ends it, `person_needed` where nobody would see the question.
 */
export async function askSecret({ terminal, signal }: Asker, label: string): Promise<Secret | null> {
  const screen = await screenForQuestions(terminal);
  let line = "";
  let isAsked = false;
  for await (const keys of terminal.readKeys(signal)) {
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
  signal.throwIfAborted();
  throw new CliError("interrupted", "Interrupted");
}

/**
 * Reads addresses that the person pastes, each ended by Enter, until `judge` takes one. Nothing of them is shown, for
 * they hold a code.
 *
 * @param say Says what is wrong with one that is not taken.
 * @throws {CliError} `interrupted` for Ctrl-C, where the terminal doesn't make a signal of it; the reason of `signal`.
 */
export async function askForAddress(
  terminal: Pick<Terminal, "readKeys">,
  say: (line: string) => void,
  validate: (text: string) => PastedVerdict,
  signal: AbortSignal,
): Promise<AuthorizationResponse> {
  let line = "";
  for await (const chunk of terminal.readKeys(signal)) {
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
