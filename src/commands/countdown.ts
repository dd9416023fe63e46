import type { Clock } from "../system/clock.ts";
import type { Screen } from "../system/terminal.ts";

const TICK_MS = 1000;

/** One line at the bottom that says how much time is left, redrawn every second. Disposing of it takes the line away. */
export interface Countdown extends Disposable {
  /** Takes the line away, so that others can be written. It is back at the next second. */
  hide(): void;
}

/** Starts a countdown to `untilMs`, in milliseconds since 1970, on a screen that can redraw a line. */
export function startCountdown(screen: Screen, clock: Clock, untilMs: number): Countdown {
  const over = new AbortController();
  const hide = () => screen.show("\r\x1b[K");
  const run = async () => {
    while (!over.signal.aborted && clock.now() < untilMs) {
      screen.show(`\r${formatTimeLeft(untilMs - clock.now())} left\x1b[K`);
      await clock.wait(TICK_MS, over.signal).catch(() => {});
    }
  };
  void run();
  return {
    hide,
    [Symbol.dispose]() {
      over.abort();
      hide();
    },
  };
}

/** Minutes and seconds: `4:05`. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
