import { CliError } from "../../errors.ts";
import type { CallbackServer } from "../../loopback/callback_server.ts";

/** The error for a wait that nobody ended. It says what reached the listener, which tells the causes apart. */
export function timeoutError(server: Pick<CallbackServer, "port" | "describeTraffic">): CliError {
  return new CliError("timeout", "Timeout waiting for authentication callback", {
    hint: [
      `${server.describeTraffic()} It listened on port ${server.port}.`,
      "Check that the app registration has the redirect URI http://localhost under Mobile and desktop applications.",
      "Check that no firewall blocks connections to localhost, and what the browser's page says.",
      "What an error number on the page means: entra-auth-cli explain AADSTS50011",
      "Try a fixed port, as in --port 8080, or more time, as in --timeout 10m.",
    ].join("\n"),
  });
}
