import { CliError } from "../errors.ts";
import type { CallbackServer } from "../loopback/callback_server.ts";

/** The error for a wait that nobody ended. It says what reached the listener, which tells the causes apart. */
export function timeoutError({ port, traffic }: Pick<CallbackServer, "port" | "traffic">): CliError {
  return new CliError("timeout", "Timeout waiting for authentication callback", {
    hint: [
      describeTraffic(port, traffic),
      "Check that the app registration has the redirect URI http://localhost under Mobile and desktop applications.",
      "Check that no firewall blocks connections to localhost, and what the browser's page says.",
      "Try a fixed port, as in --port 8080, or more time, as in --timeout 10m.",
    ].join("\n"),
  });
}

function describeTraffic(port: number, traffic: CallbackServer["traffic"]): string {
  if (traffic.requests === 0) return `Nothing reached port ${port}: the sign-in was not finished in the browser.`;
  const kinds = [
    [traffic.wrongState, "with a state that is not this sign-in's"],
    [traffic.wrongPath, "for another path"],
    [traffic.wrongHost, "for another host"],
    [traffic.wrongMethod, "with another method"],
  ] as const;
  const seen = kinds.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  const detail = seen.length === 0 ? "" : ` (${seen.join(", ")})`;
  return `${traffic.requests} requests reached port ${port}, none of them the callback${detail}.`;
}
