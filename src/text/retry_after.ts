import { formatDuration } from "./duration.ts";

/** The longest pause that is obeyed, so that neither a server nor a changed clock can block the program for longer. */
export const MAX_PAUSE_MS = 10 * 60_000;

/**
 * Returns the pause that a response demands by `Retry-After` (RFC 9110 section 10.2.3), or null. A date is compared with
 * the response's own `Date`, because the clock of this machine may be wrong.
 *
 * @param headers Names in lower case.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const text = headers["retry-after"]?.trim() ?? "";
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : dateOf(text) - (dateOf(headers.date) || nowMs);
  return ms > 0 ? Math.min(ms, MAX_PAUSE_MS) : null;
}

/** Returns a hint such as `Try again in 40 seconds, at 14:03:20.` */
export function tryAgainIn(ms: number, nowMs: number): string {
  return `Try again in ${formatDuration(Math.ceil(ms / 1000))}, at ${
    new Date(nowMs + ms).toTimeString().slice(0, 8)
  }.`;
}

/** Returns NaN for text that is not a date. `Date.parse` accepts `-1`, so a date must have a letter. */
function dateOf(text: string | undefined): number {
  return text !== undefined && /[a-z]/i.test(text) ? Date.parse(text) : NaN;
}
