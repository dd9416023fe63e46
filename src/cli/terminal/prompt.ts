import { CliError } from "../../errors.ts";
import type { AuthorizationResponse, PastedVerdict } from "../../loopback/validate_callback.ts";
import type { Screen, Terminal } from "../../system/terminal/terminal.ts";
import { Secret } from "../../text/secret.ts";
import type { CommandContext } from "../context.ts";
import { applyKeys, drawLine, EMPTY_LINE, type Line } from "./line_editor.ts";

/** One of the values that a prompt lists. */
export interface Choice {
  readonly value: string;
  readonly description: string;
}

export interface PromptOptions {
  /** The value of an empty line. */
  readonly byDefault?: string | undefined;
  /** Values to list before the prompt. They can be typed, completed, named by number, and chosen with the arrow keys. */
  readonly choices?: readonly Choice[] | undefined;
}

export type PromptContext = Pick<CommandContext, "terminal" | "signal">;

/**
 * Prompts until `parse` accepts the line, and returns what it returns. Blanks around the line do not count. A line that
 * `parse` refuses as `usage` is explained, and can be edited.
 *
 * @throws {CliError} `interrupted` if the user ends the program, `person_needed` without a terminal; what else `parse` throws.
 */
export async function prompt<T>(
  context: PromptContext,
  label: string,
  parse: (text: string) => T | Promise<T>,
  { byDefault, choices = [] }: PromptOptions = {},
): Promise<T> {
  const screen = await openScreen(context.terminal);
  const question = byDefault === undefined ? label : `${label} (${byDefault})`;
  const values = choices.map(({ value }) => value);
  let intro = choices.length === 0 ? "" : `${label}:\n${listOf(choices)}`;
  let refused = "";
  while (true) {
    const typed = trimmed(await readLine(context, screen, { question, intro, values, initial: refused }));
    try {
      return await parse(typed === "" ? byDefault ?? "" : chosen(typed, values));
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== "usage") throw error;
      intro = `error: ${error.message}\n${error.hint === undefined ? "" : `Hint: ${indented(error.hint)}\n`}`;
      refused = typed;
    }
  }
}

function listOf(choices: readonly Choice[]): string {
  const width = Math.max(...choices.map(({ value }) => value.length));
  return choices.map(({ value, description }, at) => `  ${at + 1}. ${value.padEnd(width)}  ${description}\n`)
    .join("");
}

/** Returns the value that a number or the beginning of one value stands for, and any other text as it is. */
function chosen(typed: string, values: readonly string[]): string {
  if (/^\d{1,3}$/.test(typed)) return values[Number(typed) - 1] ?? typed;
  const [found, ...others] = values.filter((value) => value.startsWith(typed.toLowerCase()));
  return found === undefined || others.length > 0 ? typed : found;
}

/** Removes blanks at both ends, and everywhere the invisible characters that come with text from web pages. */
function trimmed(text: string): string {
  return text.replaceAll(/\p{Cf}/gu, "").trim();
}

function indented(hint: string): string {
  return hint.replaceAll("\n", "\n      ");
}

/** Prompts for yes or no. */
export async function confirm(
  context: PromptContext,
  question: string,
  byDefault: boolean = false,
): Promise<boolean> {
  const answer = await prompt(context, `${question} ${byDefault ? "(Y/n)" : "(y/N)"}`, (text) => {
    if (/^(?:|y|yes|n|no)$/i.test(text)) return text.toLowerCase();
    throw new CliError("usage", `Invalid response ${JSON.stringify(text)}: expected yes or no`);
  });
  return answer === "" ? byDefault : answer.startsWith("y");
}

interface Question {
  readonly question: string;
  /** Lines to show before the question. */
  readonly intro: string;
  readonly values: readonly string[];
  /** The line to begin with, if the terminal can show it. */
  readonly initial: string;
}

/** A prompt that leaves fewer columns for the line gets a line of its own. */
const MIN_ROOM = 40;
/** The width of a terminal that does not report one. */
const DEFAULT_COLUMNS = 80;

/** Reads a line that the user can edit; on a terminal that cannot redraw it, or for a screen reader, as the terminal does. */
async function readLine(
  { terminal, signal }: PromptContext,
  screen: Screen,
  { question, intro, values, initial }: Question,
): Promise<string> {
  if (!terminal.canRedraw()) {
    screen.show(`${intro}${question}: `);
    const line = await terminal.readLine(signal);
    if (line !== null) return line;
    signal.throwIfAborted();
    throw interrupted();
  }
  const columns = () => terminal.columns() ?? DEFAULT_COLUMNS;
  const isWide = columns() - question.length >= MIN_ROOM;
  const mark = isWide ? `? ${question} › ` : "› ";
  let line: Line = { before: initial, after: "" };
  let drawn = 0;
  const draw = () => {
    const { text, columns: used } = drawLine(mark, line, columns(), drawn);
    screen.show(text);
    drawn = used;
  };
  let isPrompting = false;
  for await (const keys of terminal.readKeys(signal)) {
    // Echo is off from the first item on, so the prompt must not appear earlier.
    if (!isPrompting) screen.show(intro + (isWide ? "" : `? ${question}\n`));
    isPrompting = true;
    const typed = applyKeys(line, keys, values);
    if (typed.isInterrupted) break;
    const [entered] = typed.entered;
    line = entered === undefined ? typed.line : { before: entered, after: "" };
    draw();
    if (entered === undefined) continue;
    screen.show("\n");
    return entered;
  }
  screen.show("\n");
  signal.throwIfAborted();
  throw interrupted();
}

function interrupted(): CliError {
  return new CliError("interrupted", "Interrupted");
}

/**
 * Prompts for a secret, without echo of what is typed or pasted. Returns null for an empty line.
 *
 * @throws {CliError} `interrupted` if the user ends the program, `person_needed` without a terminal.
 */
export async function promptForSecret(
  { terminal, signal }: PromptContext,
  label: string,
): Promise<Secret | null> {
  const screen = await openScreen(terminal);
  let line = EMPTY_LINE;
  let isPrompting = false;
  for await (const keys of terminal.readKeys(signal)) {
    // Echo is off from the first item on, so the prompt must not appear earlier.
    if (!isPrompting) screen.show(terminal.canRedraw() ? `? ${label} › ` : `${label}: `);
    isPrompting = true;
    const typed = applyKeys(line, keys);
    if (typed.isInterrupted) break;
    line = typed.line;
    const [entered] = typed.entered;
    if (entered === undefined) continue;
    screen.show("\n");
    return entered === "" ? null : new Secret(entered);
  }
  screen.show("\n");
  signal.throwIfAborted();
  throw interrupted();
}

/**
 * Reads pasted addresses, each ended by Enter, until `validate` accepts one. There is no echo, because the addresses
 * contain an authorization code.
 *
 * @param say Prints why an address is rejected.
 * @throws {CliError} `interrupted` for Ctrl-C if the terminal does not turn it into a signal; the reason of `signal`.
 */
export async function promptForAddress(
  terminal: Pick<Terminal, "readKeys">,
  say: (line: string) => void,
  validate: (text: string) => PastedVerdict,
  signal: AbortSignal,
): Promise<AuthorizationResponse> {
  let line = EMPTY_LINE;
  for await (const keys of terminal.readKeys(signal)) {
    const typed = applyKeys(line, keys);
    line = typed.line;
    for (const entered of typed.entered) {
      if (entered.trim() === "") continue;
      const verdict = validate(entered);
      if (verdict.kind === "accepted") return verdict.response;
      say(`${verdict.reason}. Copy the whole address and paste it again.`);
    }
    if (typed.isInterrupted) break;
  }
  signal.throwIfAborted();
  throw interrupted();
}

/** Returns where prompts appear: never stdout, which is for data. @throws {CliError} `person_needed` without a terminal. */
async function openScreen(terminal: Pick<Terminal, "screen">): Promise<Screen> {
  const screen = await terminal.screen();
  if (screen !== null) return screen;
  throw new CliError("person_needed", "This command needs to prompt, and there is no terminal", {
    hint: "Run the command on a terminal, or pass the values as flags: see --help.",
  });
}
