import { CliError } from "../../errors.ts";
import type { Clock } from "../../system/clock.ts";
import type { Environment } from "../../system/environment.ts";
import type { Os } from "../../system/os.ts";
import type { Terminal } from "../../system/terminal/terminal.ts";
import { showsGlyphs, spellGlyphs, spellMarks, takesColour } from "./glyphs.ts";
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
    say(line) {
      wait?.hide();
      terminal.say(/[✓⏳⟳]/u.test(line) && !hasGlyphs() ? spellGlyphs(line) : line);
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
