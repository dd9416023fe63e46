import type { CliError } from "../../errors.ts";
import type { Account } from "../../identity/token.ts";
import type { Progress, ProgressEvent } from "../../flows/progress.ts";
import { formatDuration } from "../../text/duration.ts";
import { namesMore, plainText } from "../../text/plain_text.ts";
import { showToUser, type TerminalUi } from "./terminal_ui.ts";
import { TOKEN_OPTIONS } from "../options/token_options.ts";
import { hintText } from "./hint_text.ts";

/**
 * Returns a function that prints progress on stderr. `quiet` limits it to warnings and what the user needs to continue;
 * `verbose` adds the source of the client credential, that a token in a pipe is from the cache, and all lines of hints.
 */
export function progressPrinter(terminal: TerminalUi, quiet: boolean, verbose = false): Progress {
  return (event) => {
    if (event.kind === "using-credential" && !verbose) return;
    const isRoutine = event.kind === "using-cached-token" && !terminal.stdoutIsTerminal && !verbose;
    if (!DURING_WAIT.includes(event.kind)) terminal.endWait();
    const { lines, rank } = progressLines(event, verbose);
    if (rank === "needed") showToUser(terminal, lines);
    else if (!isRoutine && !(quiet && rank === "status")) {
      for (const line of lines) terminal.writeMessage(line);
    }
    const untilMs = startedWait(event);
    if (!quiet && untilMs !== undefined) terminal.startWait(untilMs);
  };
}

/** Returns a {@linkcode progressPrinter} that prints nothing for a cached token, for commands that do not print a token. */
export function waitPrinter(terminal: TerminalUi, quiet: boolean): Progress {
  const print = progressPrinter(terminal, quiet);
  return (event) => {
    if (event.kind !== "using-cached-token") print(event);
  };
}

/** Events that do not end a wait. */
const DURING_WAIT: readonly ProgressEvent["kind"][] = [
  "browser-failed",
  "device-code-closed",
  "other-ways",
];

/** Returns when the wait that an event starts ends: null if unknown, undefined if it starts none. */
function startedWait(event: ProgressEvent): number | null | undefined {
  switch (event.kind) {
    case "waiting-for-sign-in":
      return event.untilMs ?? null;
    case "waiting-for-process":
      return null;
    default:
      return undefined;
  }
}

/** Lines and their rank. `needed` is what the user needs to continue. */
interface RankedLines {
  readonly lines: string[];
  readonly rank: "status" | "warning" | "needed";
}

function progressLines(event: ProgressEvent, verbose: boolean): RankedLines {
  switch (event.kind) {
    case "using-cached-token":
      return status("✓ Using cached token");
    case "waiting-for-refresh":
      return status(`⏳ Waiting for another process, which is refreshing profile '${event.profile}'...`);
    case "waiting-for-authority":
      return status(`⏳ Waiting ${formatDuration(event.seconds)}, as ${event.host} requested...`);
    case "refreshing":
      return status(event.expired ? "⟳ Refreshing expired token..." : "⟳ Refreshing token...");
    case "refreshed":
      return status("✓ Token refreshed");
    case "sign-in-needed":
      return status(...signInNeededLines(event.error));
    case "using-credential":
      return status(`Credential: ${plainText(event.from)}`);
    case "opening-browser":
      return status("Opening browser for authentication...");
    case "browser-opened":
      return status("✓ Browser opened");
    case "waiting-for-sign-in":
      return status("⏳ Waiting for sign-in...");
    case "waiting-for-process": {
      const who = event.pid === null ? "another process" : `process ${event.pid}`;
      return status(`⏳ Waiting for ${who}, which is signing in to profile '${event.profile}'...`);
    }
    case "default-scope-in-browser":
      return status(
        "warning: avoid .default with the interactive flow; name the delegated permissions that you need.",
      );
    case "signed-in":
      return status("✓ Authentication successful!");
    case "signed-in-as":
      return signedInAs(event);
    case "connections-not-checked":
      return warning(
        "warning: cannot check which user of this machine connects to finish the sign-in.",
        `Hint: ${event.hint}`,
      );
    case "url-to-open":
      return needed("To sign in, open this URL in a browser on this machine:", `  ${event.url}`);
    case "no-display":
      return status("No display detected. Falling back to device code flow.");
    case "device-code-closed":
      return needed(
        `Cannot use a device code: ${plainText(event.error.message)}`,
        "The other ways to sign in are still available.",
      );
    case "other-ways":
      return needed(...otherWaysLines(event));
    case "device-code":
      return needed(...deviceCodeLines(event));
    case "browser-failed":
      return needed(...browserFailedLines(event, verbose));
    case "refresh-failed":
      return warning(
        `warning: could not refresh the token: ${plainText(event.error.message)}`,
        "The cached token is still valid.",
      );
    case "scopes-missing":
      return warning(`warning: these scopes were not granted: ${plainText(event.scopes.join(" "))}`);
    case "not-saved":
      return warning(
        `warning: could not save the token: ${plainText(event.error.message)}`,
        ...hintLines(event.error.hint, verbose),
        ...event.losesRefreshToken ? hintLines(LOST_REFRESH_TOKEN, verbose) : [],
      );
  }
}

const LOST_REFRESH_TOKEN =
  "Sign in again if the next refresh is refused: the authority may have replaced the saved refresh token.";

function signedInAs({ profile, account, previous }: ProgressEvent & { kind: "signed-in-as" }): RankedLines {
  const line = `Signed in as ${accountName(account)}`;
  if (previous === null) return status(line);
  return warning(
    `warning: ${line}, but the last account of profile '${profile}' was ${accountName(previous)}`,
  );
}

function accountName({ username, objectId }: Account): string {
  return plainText(username === "" ? objectId : username);
}

/** Says why, and adds the authority's words if they name something that neither the message nor the hint does. */
function signInNeededLines({ message, aadsts, description, hint = "" }: CliError): string[] {
  const line = `Signing in again: ${plainText(message)}${
    aadsts === undefined ? "" : ` (${plainText(aadsts)})`
  }`;
  if (description === undefined || message.includes(description)) return [line];
  if (!namesMore(description, `${message}\n${hint}`)) return [line];
  return [line, `Details: ${plainText(description, 2000)}`];
}

function browserFailedLines(event: ProgressEvent & { kind: "browser-failed" }, verbose: boolean): string[] {
  return [
    `Could not open a browser: ${plainText(event.reason)}`,
    ...hintLines(event.hint ?? undefined, verbose),
    "To continue, open this URL in a browser on this machine:",
    `  ${event.url}`,
    `Next time, choose a browser with BROWSER=firefox, use ${TOKEN_OPTIONS.showUrl.flag} to open the URL yourself,`,
    `or sign in on another device with ${TOKEN_OPTIONS.flow.flag} device-code.`,
  ];
}

/** Returns the specification's lines, then a warning against signing in to someone else's session (RFC 8628 section 5.4). */
function deviceCodeLines({ code, scopes }: ProgressEvent & { kind: "device-code" }): string[] {
  return [
    "To sign in, use a web browser to open:",
    `  ${code.verificationUri}`,
    `And enter code: ${code.userCode}`,
    "Enter this code only if you started this sign-in: it signs in the program that requested it.",
    `It is for application ${code.clientId} in tenant ${code.tenant}: ${plainText(scopes.join(" "))}`,
  ];
}

/** The URL redirects to this machine, which a browser elsewhere reaches only through a forwarded port. */
function otherWaysLines(
  { url, forwardCommand, canPaste }: ProgressEvent & { kind: "other-ways" },
): string[] {
  return [
    "To use the browser on your own computer, run this command there:",
    `  ${forwardCommand}`,
    "and open this URL:",
    `  ${url}`,
    ...(canPaste
      ? [
        "Or open the URL without the command. The browser then ends at an address that it cannot load: copy it,",
        "paste it here (the input is hidden) and press Enter.",
      ]
      : []),
  ];
}

function hintLines(hint: string | undefined, verbose: boolean): string[] {
  return hint === undefined ? [] : [hintText(hint, verbose)];
}

function status(...lines: string[]): RankedLines {
  return { lines, rank: "status" };
}

function warning(...lines: string[]): RankedLines {
  return { lines, rank: "warning" };
}

function needed(...lines: string[]): RankedLines {
  return { lines, rank: "needed" };
}
