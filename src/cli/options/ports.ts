import { CliError } from "../../errors.ts";
import type { PortChoice } from "../../loopback/listen_on_loopback.ts";

/**
 * The ports that `--port` and `--port-range A-B` allow for the callback.
 *
 * @throws {CliError} `usage` for a number that is no port, a range that is empty, or both flags at once.
 */
export function parsePortFlags(port: string | undefined, range: string | undefined): PortChoice {
  if (port !== undefined && range !== undefined) {
    throw new CliError("usage", "--port and --port-range can't be used together", {
      hint: "Leave one of them out.",
    });
  }
  if (port !== undefined) return { kind: "exact", port: parsePort(port, "--port") };
  if (range === undefined) return { kind: "random" };
  const [, from, to] = range.match(/^\s*(\d+)\s*-\s*(\d+)\s*$/) ?? [];
  if (from === undefined || to === undefined) {
    throw new CliError("usage", `Not a port range: ${JSON.stringify(range)}`, {
      hint: "Write it as 8000-8100.",
    });
  }
  const [first, last] = [parsePort(from, "--port-range"), parsePort(to, "--port-range")];
  if (first > last) {
    throw new CliError("usage", `The port range ${range} is empty`, {
      hint: `Did you mean ${last}-${first}?`,
    });
  }
  return { kind: "range", first, last };
}

function parsePort(text: string, flag: string): number {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new CliError("usage", `Not a port: ${flag} ${text}`, { hint: "Ports go from 1 to 65535." });
  }
  return port;
}
