const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 365.25 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];

/**
 * Returns a duration in words, rounded down: `1 hour 30 minutes`, `2 days`, `0 seconds`.
 *
 * @param maxUnits How many units to print. 1 gives `1 hour` for an hour and a half.
 */
export function formatDuration(seconds: number, maxUnits = 2): string {
  const parts: string[] = [];
  const first = UNITS.findIndex(([, unit]) => seconds >= unit);
  if (first === -1) return "0 seconds";
  let rest = seconds;
  for (const [name, unit] of UNITS.slice(first, first + maxUnits)) {
    const count = Math.floor(rest / unit);
    rest -= count * unit;
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.join(" ");
}

/** Returns a duration as a clock shows it: `4:05`, or `1:00:00` from an hour on. */
export function formatClock(seconds: number): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}
