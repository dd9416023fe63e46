import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";
import type { Terminal } from "../../system/terminal/terminal.ts";
import type { Countdown } from "./countdown.ts";

/** The terminal as the commands know it: what it can't show is put another way, and a wait can be seen. */
export interface TerminalUi extends Terminal {
  /**
   * Shows, below what was said, how long somebody has been waited for, and how much time is left. Only where a person
   * looks at a terminal that can draw, and wants that.
   *
   * @param untilMs When the wait ends, in milliseconds since 1970; null where nobody knows.
   */
  startWait(untilMs: number | null): void;
  /** Takes the wait away again. None is fine. */
  endWait(): void;
}

/** What the manners depend on. */
export interface TerminalUiOptions {
  /** Which characters the terminal has, and what its user wants: `NO_COLOR`, `TERM`, the locale. */
  readonly env: Environment;
  /** The consoles of Windows are different. */
  readonly os: Os;
  /** Measures waits. */
  readonly clock: Clock;
  /** Words in the place of glyphs, and nothing that moves: what a screen reader can read. */
  readonly isPlain: boolean;
}

/** As wide as terminals are that don't tell. */
const USUAL_COLUMNS = 80;

/** `terminal`, with manners. The environment is asked when something is said that depends on it. */
export function createTerminalUi(terminal: Terminal, manners: TerminalUiOptions): TerminalUi {
  let wait: Countdown | null = null;
  let waits = 0;
  let glyphs: boolean | undefined;
  const hasGlyphs = () => glyphs ??= showsAllGlyphs(terminal, manners);
  const endWait = () => {
    waits++;
    wait?.[Symbol.dispose]();
    wait = null;
  };
  // A token from the cache, where nobody waits, doesn't load it.
  const draw = async (untilMs: number | null, present: number) => {
    const [{ startCountdown }, screen] = await Promise.all([import("./countdown.ts"), terminal.screen()]);
    if (waits !== present || screen === null) return;
    wait = startCountdown(screen, () => terminal.columns() ?? USUAL_COLUMNS, manners.clock, untilMs);
  };
  return {
    ...terminal,
    writeData(text) {
      wait?.hide();
      return terminal.writeData(text);
    },
    writeMessage(line) {
      wait?.hide();
      terminal.writeMessage(/[✓⏳⟳]/u.test(line) && !hasGlyphs() ? spellGlyphs(line) : line);
    },
    async screen() {
      const screen = await terminal.screen();
      if (screen === null || screenShowsGlyphs(manners)) return screen;
      return { ...screen, show: (text) => screen.show(spellMarks(spellGlyphs(text))) };
    },
    startWait(untilMs) {
      endWait();
      if (mayMove(terminal, manners)) void draw(untilMs, waits);
    },
    endWait,
  };
}

/** A file or a pipe takes everything: what reads it later is nobody's guess. */
function showsAllGlyphs({ stderrIsTerminal }: Terminal, manners: TerminalUiOptions): boolean {
  return stderrIsTerminal ? screenShowsGlyphs(manners) : !manners.isPlain;
}

function screenShowsGlyphs({ env, os, isPlain }: TerminalUiOptions): boolean {
  return !isPlain && unlessDenied(() => showsGlyphs(os, env));
}

function mayMove({ stderrIsTerminal }: Terminal, { env, isPlain }: TerminalUiOptions): boolean {
  if (isPlain || !stderrIsTerminal) return false;
  return unlessDenied(() => takesColour(env));
}

/** A variable that may not be read is no reason to fail for the sake of looks. */
function unlessDenied(ask: () => boolean): boolean {
  try {
    return ask();
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

/** The glyphs of the status lines, and the words for a screen reader or a terminal that can't show them. */
const WORDS: Readonly<Record<string, string>> = { "✓": "[ok]", "⏳": "[wait]", "⟳": "[refresh]" };

/** `text` with words in the place of glyphs. */
export function spellGlyphs(text: string): string {
  return text.replaceAll(/[✓⏳⟳]/gu, (glyph) => WORDS[glyph] ?? glyph);
}

/** What Cliffy's questions are drawn with. Each is as wide as what stands for it, for the cursor's sake. */
const MARKS: Readonly<Record<string, string>> = { "›": ">", "»": ">", "✘": "x", "×": "x", "…": "." };

/** The `text` of a question in ASCII, but for what the user wrote. */
export function spellMarks(text: string): string {
  return text.replaceAll(/[›»✘×…]/gu, (mark) => MARKS[mark] ?? mark);
}

/** Whether a terminal may get colours and lines that are drawn anew: not where its user, or its kind, says no. */
export function takesColour(env: Environment): boolean {
  return env.get("NO_COLOR") === undefined && env.get("TERM") !== "dumb";
}

/**
 * Whether the terminal shows more than ASCII, as far as the environment tells. By POSIX the first of `LC_ALL`,
 * `LC_CTYPE` and `LANG` that is set decides, and ASCII is what there is where none is; macOS' own terminals are UTF-8
 * without any. On Windows the consoles that have these glyphs in their fonts make themselves known; the old one hasn't.
 */
export function showsGlyphs(os: Os, env: Environment): boolean {
  if (os === "windows") return env.get("WT_SESSION") !== undefined || env.get("TERM_PROGRAM") !== undefined;
  const locale = ["LC_ALL", "LC_CTYPE", "LANG"].map((name) => env.get(name)).find((value) =>
    value !== undefined
  );
  return locale === undefined ? os === "darwin" : /utf-?8/i.test(locale);
}

/**
 * Says what a person has to see to go on: on stderr and, where that is no terminal, on the terminal itself too, for
 * scripts hide stderr. Where there is neither, somebody may read stderr all the same.
 */
export function showToUser(terminal: Terminal, lines: readonly string[]): void {
  for (const line of lines) terminal.writeMessage(line);
  if (terminal.stderrIsTerminal) return;
  const text = lines.map((line) => `${line}\n`).join("");
  // Where it can't be reached, it was said on stderr.
  terminal.screen().then((screen) => screen?.show(text), () => {});
}
