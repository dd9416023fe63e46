import type { Clock } from "../../system/clock.ts";
import { formatClock } from "../../text/duration.ts";
import type { Screen } from "../../system/terminal/terminal.ts";

/** The last line of the terminal during a wait: elapsed and remaining time. Disposing of it removes the line. */
export interface Countdown extends Disposable {
  /** Removes the line until the next tick, to make room for other output. */
  hide(): void;
}

const TICK_MS = 250;
/** The width of `^C`, which the terminal prints for Ctrl-C. */
const ECHO_COLUMNS = 2;

/**
 * Draws the countdown until it is disposed of. It only returns to the start of the line and overwrites it, which every
 * terminal supports.
 *
 * @param columns Returns the current width of the screen.
 * @param untilMs When the wait ends, in milliseconds since 1970; null if unknown.
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
    screen.show(`\r${" ".repeat(Math.min(drawn.length + ECHO_COLUMNS, columns() - 1))}\r`);
    drawn = "";
  };
  const draw = (frame: number) => {
    const wait = {
      elapsedMs: clock.monotonic() - startedAt,
      leftMs: untilMs === null ? null : untilMs - clock.now(),
      frame,
    };
    const text = countdownText(wait, columns());
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

/** Draws after the first tick, so that a short wait does not flicker. */
async function tick(clock: Clock, signal: AbortSignal, draw: (frame: number) => void): Promise<void> {
  for (let frame = 0; !signal.aborted; frame++) {
    await clock.wait(TICK_MS, signal).catch(() => {});
    if (!signal.aborted) draw(frame);
  }
}

export interface Wait {
  readonly elapsedMs: number;
  /** Null if unknown. */
  readonly leftMs: number | null;
  /** How often the wait was drawn. */
  readonly frame: number;
}

const SPINNER = ["|", "/", "-", "\\"];

/**
 * Returns the countdown, shortened to fit into `columns`. It leaves the last column empty, because some terminals wrap
 * after that.
 */
export function countdownText({ elapsedMs, leftMs, frame }: Wait, columns: number): string {
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
