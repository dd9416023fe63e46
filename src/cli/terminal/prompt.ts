import { abortable } from "@std/async/abortable";
import { CliError } from "../../errors.ts";
import type { AuthorizationResponse, PastedVerdict } from "../../flows/sign_in/interactive_session.ts";
import type { Screen, Terminal } from "../../system/terminal/terminal.ts";
import { Secret } from "../../text/secret.ts";
import type { CommandContext } from "../context.ts";

export interface PromptOptions {
  /** The value of an empty line. */
  readonly byDefault?: string | undefined;
  /** Values to complete with the Tab key. */
  readonly suggestions?: readonly string[] | undefined;
}

export type PromptContext = Pick<CommandContext, "terminal" | "signal">;

/**
 * Prompts until `parse` accepts the line, and returns what it returns.
 *
 * @throws {CliError} `interrupted` if the user ends the program.
 */
export async function prompt<T>(
  { terminal, signal }: PromptContext,
  label: string,
  parse: (text: string) => T,
  { byDefault, suggestions }: PromptOptions = {},
): Promise<T> {
  const { Input } = await import("@cliffy/prompt");
  const line = Input.prompt({
    message: label,
    writer: await openWriter(terminal),
    ...(byDefault === undefined ? {} : { default: byDefault }),
    ...(suggestions === undefined ? {} : { suggestions: [...suggestions] }),
    validate: (text) => {
      try {
        parse(text);
        return true;
      } catch (error) {
        if (error instanceof CliError) return oneLine(error);
        throw error;
      }
    },
  });
  // Cliffy's prompt sees Ctrl-C only while it reads keys, and no other signal.
  return parse(await abortable(line, signal));
}

function oneLine({ message, hint }: CliError): string {
  return hint === undefined ? message : `${message}. ${hint.replaceAll("\n", " ")}`;
}

/** Prompts for yes or no. An empty line is no. */
export async function confirm({ terminal, signal }: PromptContext, question: string): Promise<boolean> {
  const { Confirm } = await import("@cliffy/prompt");
  const writer = await openWriter(terminal);
  return await abortable(Confirm.prompt({ message: question, default: false, writer }), signal);
}

/**
 * Prompts for a secret, without echo of what is typed or pasted. Returns null for an empty line.
 *
 * Cliffy's prompt is not used: it turns echo on between two keys, which shows parts of what is pasted.
 *
 * @throws {CliError} `interrupted` if the user ends the program, `person_needed` without a terminal.
 */
export async function promptForSecret(
  { terminal, signal }: PromptContext,
  label: string,
): Promise<Secret | null> {
  const screen = await openScreen(terminal);
  let line = "";
  let isPrompting = false;
  for await (const keys of terminal.readKeys(signal)) {
    // Echo is off from the first item on, so the prompt must not appear earlier.
    if (!isPrompting) screen.show(`? ${label} › `);
    isPrompting = true;
    const typed = applyKeys(line, keys);
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
  let line = "";
  for await (const keys of terminal.readKeys(signal)) {
    const typed = applyKeys(line, keys);
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

/** Returns where prompts appear: never stdout, which is for data. @throws {CliError} `person_needed` without a terminal. */
async function openScreen(terminal: Pick<Terminal, "screen">): Promise<Screen> {
  const screen = await terminal.screen();
  if (screen !== null) return screen;
  throw new CliError("person_needed", "This command needs to prompt, and there is no terminal", {
    hint: "Run the command on a terminal, or pass the values as flags: see --help.",
  });
}

async function openWriter(terminal: Terminal): Promise<{ writeSync(data: Uint8Array): number }> {
  const screen = await openScreen(terminal);
  const decoder = new TextDecoder();
  return {
    writeSync(data) {
      screen.show(decoder.decode(data, { stream: true }));
      return data.length;
    },
  };
}

/** Longer than any URL that a browser accepts. */
const MAX_LINE = 64 * 1024;

/**
 * Applies keys to the line that is being typed. Returns the lines that were entered, and the current one.
 *
 * @throws {CliError} `interrupted` for Ctrl-C and Ctrl-D.
 */
export function applyKeys(line: string, keys: string): { entered: string[]; line: string } {
  const entered: string[] = [];
  // Escape sequences: cursor keys, and the marks of bracketed paste.
  // deno-lint-ignore no-control-regex -- they consist of control characters
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
