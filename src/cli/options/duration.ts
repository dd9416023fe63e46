import { CliError } from "../../errors.ts";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const MAX_MS = 24 * 3_600_000;

/**
 * Milliseconds of a duration as people type it: `90s`, `2m`, `1h`, or a bare number of seconds.
 *
 * @throws {CliError} `usage` when it isn't one, or is zero or over a day.
 */
export function parseDuration(text: string): number {
  const [, amount, unit] = text.trim().match(/^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/) ?? [];
  const ms = amount === undefined ? 0 : Number(amount) * (UNITS_MS[unit ?? "s"] ?? 0);
  if (ms <= 0 || ms > MAX_MS) {
    throw new CliError("usage", `Not a duration: ${JSON.stringify(text)}`, {
      hint: "Write it as 90s, 2m or 1h, up to a day.",
    });
  }
  return ms;
}
