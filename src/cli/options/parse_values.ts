import { CliError } from "../../errors.ts";
import type { PortChoice } from "../../loopback/listen_on_loopback.ts";
import { PROMPTS, TOKEN_OPTIONS } from "./token_options.ts";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const MAX_MS = 24 * 3_600_000;

/**
 * Returns the milliseconds of a duration such as `90s`, `2m` or `1h`; a bare number counts seconds.
 *
 * @throws {CliError} `usage` if the text is not a duration, is zero, or exceeds a day.
 */
export function parseDuration(text: string): number {
  const [, amount, unit] = text.trim().match(/^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/) ?? [];
  const ms = amount === undefined ? 0 : Number(amount) * (UNITS_MS[unit ?? "s"] ?? 0);
  if (ms > 0 && ms <= MAX_MS) return ms;
  throw new CliError("usage", `Invalid duration ${JSON.stringify(text)}: expected 90s, 2m or 1h`, {
    hint: "A duration is more than zero and at most a day.",
  });
}

/**
 * Returns the ports that `--port` or `--port-range` allows for the redirect.
 *
 * @throws {CliError} `usage` for an invalid port, an empty range, or both flags at once.
 */
export function parsePorts(port: string | undefined, range: string | undefined): PortChoice {
  const { port: { flag: portFlag }, portRange: { flag: rangeFlag } } = TOKEN_OPTIONS;
  if (port !== undefined && range !== undefined) {
    throw new CliError("usage", `${portFlag} and ${rangeFlag} cannot be used together`, {
      hint: "Remove one of them.",
    });
  }
  if (port !== undefined) return { kind: "exact", port: parsePort(port, portFlag) };
  if (range === undefined) return { kind: "random" };
  const [, from, to] = range.match(/^\s*(\d+)\s*-\s*(\d+)\s*$/) ?? [];
  if (from === undefined || to === undefined) {
    throw new CliError("usage", `Invalid port range ${JSON.stringify(range)}: expected FIRST-LAST`, {
      hint: `Example: ${rangeFlag} 8000-8100`,
    });
  }
  const [first, last] = [parsePort(from, rangeFlag), parsePort(to, rangeFlag)];
  if (first > last) {
    throw new CliError("usage", `Invalid port range "${range}": the first port exceeds the last`, {
      hint: `Did you mean ${last}-${first}?`,
    });
  }
  return { kind: "range", first, last };
}

function parsePort(text: string, flag: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port >= 1 && port <= 65535) return port;
  throw new CliError("usage", `Invalid port in "${flag} ${text}": expected a number from 1 to 65535`, {
    hint: `Example: ${TOKEN_OPTIONS.port.flag} 8080`,
  });
}

/** @throws {CliError} `usage` for a prompt that the browser cannot be asked to show. */
export function parsePrompt(prompt: string | undefined): string | undefined {
  if (prompt === undefined || PROMPTS.includes(prompt)) return prompt;
  throw new CliError("usage", `Invalid prompt ${JSON.stringify(prompt)}: expected ${PROMPTS.join(", ")}`, {
    hint: `Example: ${TOKEN_OPTIONS.prompt.flag} ${PROMPTS[0]}`,
  });
}
