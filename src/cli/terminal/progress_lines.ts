import type { CliError } from "../../errors.ts";
import type { Progress, ProgressEvent } from "../../flows/progress.ts";
import { formatDuration } from "../../text/duration.ts";
import { plainText } from "../../text/plain_text.ts";
import { showToUser, type TerminalUi } from "./terminal_ui.ts";

/**
 * Says what happens on stderr. With `quiet` only what a person must know to go on, and warnings; with `verbose` also what
 * an application proves itself with.
 */
export function sayProgress(terminal: TerminalUi, quiet: boolean, verbose = false): Progress {
  return (event) => {
    if (event.kind === "using-credential" && !verbose) return;
    if (!STILL_WAITING.includes(event.kind)) terminal.endWait();
    const { lines, rank } = progressLines(event);
    if (rank === "needed") showToUser(terminal, lines);
    else if (!(quiet && rank === "status")) { for (const line of lines) terminal.writeMessage(line); }
    const untilMs = endOfWait(event);
    if (!quiet && untilMs !== undefined) terminal.startWait(untilMs);
  };
}

/** The same for a command that gets a token on the way to something else: nothing where nobody had to wait. */
export function sayWaits(terminal: TerminalUi, quiet: boolean): Progress {
  const say = sayProgress(terminal, quiet);
  return (event) => {
    if (event.kind !== "using-cached-token") say(event);
  };
}

/** What happens while a person is waited for, and doesn't end that. */
const STILL_WAITING: readonly ProgressEvent["kind"][] = [
  "browser-failed",
  "device-code-closed",
  "other-ways",
];

/** When the wait for a person ends that an event begins: null where nobody knows, undefined where none begins. */
function endOfWait(event: ProgressEvent): number | null | undefined {
  switch (event.kind) {
    case "waiting-for-sign-in":
      return event.untilMs ?? null;
    case "waiting-for-process":
      return null;
    default:
      return undefined;
  }
}

/** What is said, and how much it matters: `needed` is what a person can't go on without. */
interface RankedLines {
  readonly lines: string[];
  readonly rank: "status" | "warning" | "needed";
}

function progressLines(event: ProgressEvent): RankedLines {
  switch (event.kind) {
    case "using-cached-token":
      return status("✓ Using cached token");
    case "waiting-for-refresh":
      return status(`⏳ Waiting for another process, which is refreshing profile '${event.profile}'...`);
    case "waiting-for-authority":
      return status(`⏳ Waiting ${formatDuration(event.seconds)}, as ${event.host} asks...`);
    case "refreshing":
      return status(event.expired ? "⟳ Refreshing expired token..." : "⟳ Refreshing token...");
    case "refreshed":
      return status("✓ Token refreshed");
    case "sign-in-needed":
      return status(signInNeededLine(event.error));
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
      return needed(
        "Warning: avoid .default with the interactive flow; name the delegated permissions that are needed.",
      );
    case "signed-in":
      return status("✓ Authentication successful!");
    case "url-to-open":
      return needed("To sign in, open this URL in a browser on this machine:", `  ${event.url}`);
    case "no-display":
      return status("No display detected. Falling back to device code flow.");
    case "device-code-closed":
      return needed(
        `A device code can't be used: ${plainText(event.error.message)}`,
        "The other ways to sign in are still open.",
      );
    case "other-ways":
      return needed(...otherWaysLines(event));
    case "device-code":
      return needed(...deviceCodeLines(event));
    case "browser-failed":
      return needed(...browserFailedLines(event));
    case "refresh-failed":
      return warning(
        `Warning: the token could not be refreshed (${
          plainText(event.error.message)
        }); the old one still lives.`,
      );
    case "scopes-missing":
      return warning(`Warning: these scopes were not granted: ${plainText(event.scopes.join(" "))}`);
    case "not-saved":
      return warning(
        `Warning: the token is not saved: ${plainText(event.error.message)}`,
        ...hintLines(event.error.hint),
      );
  }
}

function signInNeededLine({ message, aadsts }: CliError): string {
  return `Signing in again: ${plainText(message)}${aadsts === undefined ? "" : ` (${plainText(aadsts)})`}`;
}

function browserFailedLines(event: ProgressEvent & { kind: "browser-failed" }): string[] {
  return [
    `Could not open a browser: ${event.reason}`,
    ...hintLines(event.hint ?? undefined),
    "Open this URL in a browser on this machine to go on:",
    `  ${event.url}`,
    "Next time, choose a browser with BROWSER=firefox, use --show-url to open the URL yourself,",
    "or sign in on another device with --flow device-code.",
  ];
}

/** The specification's lines, then what keeps the person from signing in somebody else (RFC 8628 section 5.4). */
function deviceCodeLines({ code, scopes }: ProgressEvent & { kind: "device-code" }): string[] {
  return [
    "To sign in, use a web browser to open:",
    `  ${code.verificationUri}`,
    `And enter code: ${code.userCode}`,
    "Enter only a code that you asked for yourself: it signs in whoever asked for it.",
    `This one is for the application ${code.clientId} in the tenant ${code.tenant}: ${
      plainText(scopes.join(" "))
    }`,
  ];
}

/** The URL leads back to this machine, which the browser elsewhere reaches by a forwarded port, or not at all. */
function otherWaysLines(
  { url, forwardCommand, canPaste }: ProgressEvent & { kind: "other-ways" },
): string[] {
  return [
    "To use the browser of the computer that you came from, run there:",
    `  ${forwardCommand}`,
    "and open in its browser:",
    `  ${url}`,
    ...(canPaste
      ? [
        "Or open it without the first command. Its last page can't be shown then: copy that page's address,",
        "paste it here (it is not shown) and press Enter.",
      ]
      : []),
  ];
}

function hintLines(hint: string | undefined): string[] {
  return hint === undefined
    ? []
    : [`Hint: ${hint.split("\n").map((line) => plainText(line)).join("\n      ")}`];
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
