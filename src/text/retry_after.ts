import { formatDuration } from "./duration.ts";

/**
 * The longest pause that is believed in, in milliseconds: neither a server nor a clock that was set can keep anybody out
 * for longer.
 */
export const MAX_PAUSE_MS = 10 * 60_000;

/**
 * The pause that an answer asks for by `Retry-After` (RFC 9110 section 10.2.3), in milliseconds; null where it asks for
 * none. A date is held against the answer's own `Date`, for this machine's clock may be wrong.
 *
 * @param headers Names in lower case.
 */
export function retryAfterMs(headers: Readonly<Record<string, string>>, nowMs: number): number | null {
  const text = headers["retry-after"]?.trim() ?? "";
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : dateOf(text) - (dateOf(headers.date) || nowMs);
  return ms > 0 ? Math.min(ms, MAX_PAUSE_MS) : null;
}

/** When to try again, for a hint: `Try again in 40 seconds, at 14:03:20.` */
export function tryAgainIn(ms: number, nowMs: number): string {
  return `Try again in ${formatDuration(Math.ceil(ms / 1000))}, at ${
    new Date(nowMs + ms).toTimeString().slice(0, 8)
  }.`;
}

/** Not a number for what is no date. Without a letter it is none: `Date` would take `-1` for one. */
function dateOf(text: string | undefined): number {
  return text !== undefined && /[a-z]/i.test(text) ? Date.parse(text) : NaN;
}
