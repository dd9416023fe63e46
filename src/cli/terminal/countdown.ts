import type { Clock } from "../../system/clock.ts";
import { formatClock } from "../../text/duration.ts";
import type { Screen } from "../../system/terminal/terminal.ts";

/** The last line of the terminal, which changes while somebody is waited for and is gone afterwards. */
export interface Countdown extends Disposable {
  /** Makes room for other lines. It comes back with the next tick. */
  hide(): void;
}

const TICK_MS = 250;
/** What the terminal itself shows for Ctrl-C behind the line: `^C`. */
const ECHO = 2;

/**
 * Draws until disposed. Only returns to the start of the line and overwrites it, which every terminal and console can.
 *
 * @param columns How many columns the screen has at the moment.
 * @param untilMs When the wait ends, in milliseconds since 1970; null where nobody knows.
 */
export function startCountdown(
  screen: Screen,
  columns: () => number,
  clock: Clock,
  untilMs: number | null,
): Countdown {
  const over = new AbortController();
  const startedAt = clock.monotonic();
  let drawn = "";
  const hide = () => {
    if (drawn === "") return;
    screen.show(`\r${" ".repeat(Math.min(drawn.length + ECHO, columns() - 1))}\r`);
    drawn = "";
  };
  const draw = (frame: number) => {
    const wait = {
      elapsedMs: clock.monotonic() - startedAt,
      leftMs: untilMs === null ? null : untilMs - clock.now(),
      frame,
    };
    const text = waitText(wait, columns());
    if (text.length < drawn.length) hide();
    screen.show(`\r${text}`);
    drawn = text;
  };
  void tick(clock, over.signal, draw);
  return {
    hide,
    [Symbol.dispose]() {
      over.abort();
      hide();
    },
  };
}

/** Not at once: what is over in a moment isn't worth a flicker. */
async function tick(clock: Clock, signal: AbortSignal, draw: (frame: number) => void): Promise<void> {
  for (let frame = 0; !signal.aborted; frame++) {
    await clock.wait(TICK_MS, signal).catch(() => {});
    if (!signal.aborted) draw(frame);
  }
}

/** A wait, as it is shown. */
export interface Wait {
  /** How long it has been going on, in milliseconds. */
  readonly elapsedMs: number;
  /** How long it may go on, in milliseconds; null where nobody knows. */
  readonly leftMs: number | null;
  /** How often it was drawn. */
  readonly frame: number;
}

const SPINNER = ["|", "/", "-", "\\"];

/**
 * The line that shows a wait in a terminal of so many columns: as much of it as there is room for. It never fills the
 * last column, where some terminals go on to the next line.
 */
export function waitText({ elapsedMs, leftMs, frame }: Wait, columns: number): string {
  const spinner = SPINNER[frame % SPINNER.length] ?? "";
  const elapsed = formatClock(Math.floor(elapsedMs / 1000));
  const left = leftMs === null ? null : formatClock(Math.max(0, Math.ceil(leftMs / 1000)));
  const texts = left === null ? [`${spinner} ${elapsed} elapsed`, `${spinner} ${elapsed}`, spinner] : [
    `${spinner} ${elapsed} elapsed, ${left} left`,
    `${spinner} ${left} left`,
    `${spinner} ${left}`,
    spinner,
  ];
  return texts.find((text) => text.length < columns) ?? "";
}
