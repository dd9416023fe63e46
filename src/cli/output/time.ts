import { formatDuration } from "../../text/duration.ts";

/**
 * Formats a time in the machine's time zone, as the status line with the expiry and az do: `2025-12-28 15:30:00`. All
 * other times have their zone: see {@linkcode describeTime}.
 *
 * @param seconds Since 1970.
 */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Formats a time for display: `2025-12-28 15:30:00 +01:00 (in 42 minutes)`. Both are in seconds since 1970. */
export function describeTime(seconds: number, nowSeconds: number): string {
  return `${localTime(seconds)} ${zoneAt(seconds)} (${relativeTime(seconds, nowSeconds)})`;
}

/** Returns the machine's offset from UTC at that time. */
function zoneAt(seconds: number): string {
  const minutes = -new Date(seconds * 1000).getTimezoneOffset();
  if (minutes === 0) return "UTC";
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** Formats a time for programs: RFC 3339 in UTC, without fractions. @param seconds Since 1970. */
export function utcTime(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, "Z");
}

/** Formats a time relative to now: `in 58 minutes`, `2 days ago` or `now`. Both are in seconds since 1970. */
export function relativeTime(seconds: number, nowSeconds: number): string {
  const distance = Math.abs(seconds - nowSeconds);
  if (distance < 1) return "now";
  const words = formatDuration(distance, 1);
  return seconds > nowSeconds ? `in ${words}` : `${words} ago`;
}
