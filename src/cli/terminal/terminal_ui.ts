import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";
import type { Terminal } from "../../system/terminal/terminal.ts";
import { breakLogCommands } from "../../text/plain_text.ts";
import type { Countdown } from "./countdown.ts";

/**
 * A terminal that colors messages, replaces characters which cannot be shown, breaks commands to a CI log in messages, and
 * shows a countdown during a wait.
 */
export interface TerminalUi extends Terminal {
  /** Reports whether a line can be overwritten: not on a dumb terminal, and not for a screen reader. */
  canRedraw(): boolean;
  /**
   * Shows a countdown below the output. Does nothing unless stderr is a terminal that can draw and the user allows it.
   *
   * @param untilMs When the wait ends, in milliseconds since 1970; null if unknown.
   */
  startWait(untilMs: number | null): void;
  /** Removes the countdown, if there is one. */
  endWait(): void;
}

/** How the user wants messages to look. */
export interface TerminalStyle {
  /** Whether to print words instead of glyphs, and without color or animation, for screen readers. */
  readonly isPlain: boolean;
  /** Whether to print without color and animation, as with `--quiet`. */
  readonly isQuiet: boolean;
}

export interface TerminalUiOptions extends TerminalStyle {
  /** For `NO_COLOR`, `TERM` and the locale. */
  readonly env: Environment;
  readonly os: Os;
  readonly clock: Clock;
}

/** The width of a terminal that does not report one. */
const DEFAULT_COLUMNS = 80;

/** Wraps `terminal`. Reads the environment only when an output depends on it. */
export function createTerminalUi(terminal: Terminal, options: TerminalUiOptions): TerminalUi {
  let countdown: Countdown | null = null;
  let waits = 0;
  let glyphs: boolean | undefined;
  const hasGlyphs = () => glyphs ??= stderrShowsGlyphs(terminal, options);
  const endWait = () => {
    waits++;
    countdown?.[Symbol.dispose]();
    countdown = null;
  };
  // Imported late: a cached token needs no countdown.
  const draw = async (untilMs: number | null, wait: number) => {
    const [{ startCountdown }, screen] = await Promise.all([import("./countdown.ts"), terminal.screen()]);
    if (waits !== wait || screen === null) return;
    countdown = startCountdown(screen, () => terminal.columns() ?? DEFAULT_COLUMNS, options.clock, untilMs);
  };
  return {
    ...terminal,
    canRedraw: () => !options.isPlain && falseIfDenied(() => options.env.get("TERM") !== "dumb"),
    writeData(text) {
      countdown?.hide();
      return terminal.writeData(text);
    },
    writeMessage(line) {
      countdown?.hide();
      const text = breakLogCommands(line);
      const shown = /[✓⏳⟳]/u.test(text) && !hasGlyphs() ? replaceGlyphs(text) : text;
      terminal.writeMessage(mayStyle(terminal, options) ? colourMessage(shown) : shown);
    },
    async screen() {
      const screen = await terminal.screen();
      if (screen === null || screenShowsGlyphs(options)) return screen;
      return { ...screen, show: (text) => screen.show(replacePromptMarks(replaceGlyphs(text))) };
    },
    startWait(untilMs) {
      endWait();
      if (mayStyle(terminal, options)) void draw(untilMs, waits);
    },
    endWait,
  };
}

/** A file or a pipe gets glyphs, unless the user chose `--plain`. */
function stderrShowsGlyphs({ stderrIsTerminal }: Terminal, options: TerminalUiOptions): boolean {
  return stderrIsTerminal ? screenShowsGlyphs(options) : !options.isPlain;
}

function screenShowsGlyphs({ env, os, isPlain }: TerminalUiOptions): boolean {
  return !isPlain && falseIfDenied(() => supportsGlyphs(os, env));
}

/** Reports whether messages may have colors and animation. */
function mayStyle({ stderrIsTerminal }: Terminal, { env, isPlain, isQuiet }: TerminalUiOptions): boolean {
  if (isPlain || isQuiet || !stderrIsTerminal) return false;
  return falseIfDenied(() => supportsColour(env));
}

/** Begin and end of a style, as parameters of SGR (ECMA-48). */
const RED = [31, 39] as const;
const YELLOW = [33, 39] as const;
const GREEN = [32, 39] as const;
const BOLD = [1, 22] as const;

/** The colored parts of a message: its prefix, and the command of a hint up to the end of the line. */
const COLOURS: readonly (readonly [RegExp, readonly [number, number]])[] = [
  [/^(?:entra-auth-cli: )?error:/, RED],
  [/^warning:/, YELLOW],
  [/^(?:✓|\[ok\])/u, GREEN],
  [/(?<=^(?:Hint:)? +|^(?:Hint:)? .*: )entra-auth-cli .*$|(?<=`)entra-auth-cli [^`\n]+(?=`)/gm, BOLD],
];

/** Colors a message of this program, unless it is JSON. */
function colourMessage(message: string): string {
  if (message.startsWith("{")) return message;
  return COLOURS.reduce(
    (text, [pattern, [on, off]]) => text.replace(pattern, (part) => `\x1b[${on}m${part}\x1b[${off}m`),
    message,
  );
}

/** The program must not fail because it may not read a variable that only affects the look of its output. */
function falseIfDenied(read: () => boolean): boolean {
  try {
    return read();
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

/**
 * Prints what the user needs to continue: on stderr and, if that is not a terminal, on the controlling terminal too,
 * because scripts redirect stderr.
 */
export function showToUser(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) terminal.writeMessage(line);
  if (terminal.stderrIsTerminal) return;
  const text = lines.map((line) => `${line}\n`).join("");
  // Without a controlling terminal, stderr is all there is.
  terminal.screen().then((screen) => screen?.show(text), () => {});
}

/** The glyphs of the status lines, and the words for screen readers and for terminals that cannot show them. */
const WORDS: Readonly<Record<string, string>> = { "✓": "[ok]", "⏳": "[wait]", "⟳": "[refresh]" };

export function replaceGlyphs(text: string): string {
  return text.replaceAll(/[✓⏳⟳]/gu, (glyph) => WORDS[glyph] ?? glyph);
}

/** Replaces the symbol of a prompt by ASCII of the same width, which keeps the cursor in place. */
export function replacePromptMarks(text: string): string {
  return text.replaceAll("›", ">");
}

/** Reports whether a terminal may get colors and animation, as far as the environment tells. */
export function supportsColour(env: Environment): boolean {
  return env.get("NO_COLOR") === undefined && env.get("TERM") !== "dumb";
}

/**
 * Reports whether the terminal shows more than ASCII, as far as the environment tells. By POSIX the first of `LC_ALL`,
 * `LC_CTYPE` and `LANG` that is set decides, and the default is ASCII; the terminals of macOS use UTF-8 without any. On
 * Windows, the consoles whose fonts have these glyphs set a variable; the old console has neither.
 */
export function supportsGlyphs(os: Os, env: Environment): boolean {
  if (os === "windows") return env.get("WT_SESSION") !== undefined || env.get("TERM_PROGRAM") !== undefined;
  const locale = ["LC_ALL", "LC_CTYPE", "LANG"].map((name) => env.get(name)).find((value) =>
    value !== undefined
  );
  return locale === undefined ? os === "darwin" : /utf-?8/i.test(locale);
}
