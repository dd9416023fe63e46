import encodeQR from "qr";
import type { InteractiveSession } from "../../flows/sign_in/interactive_session.ts";
import type { Progress, ProgressEvent } from "../../flows/progress.ts";
import type { CommandContext } from "../context.ts";
import { showToUser, supportsColour } from "./terminal_ui.ts";

export interface InteractiveSessionOptions {
  /** Prints the progress. */
  readonly progress: Progress;
  /** Whether to draw the verification URL as a QR code too. */
  readonly withQrCode: boolean;
  /** Whether to emphasize nothing, as with `--quiet`. */
  readonly isQuiet?: boolean | undefined;
}

/** Opens the session of a sign-in that shows a code or prompts on the terminal. */
export async function openInteractiveSession(
  { terminal, env }: Pick<CommandContext, "terminal" | "env">,
  { progress, withQrCode, isQuiet = false }: InteractiveSessionOptions,
): Promise<InteractiveSession> {
  // Without a screen there is nothing to draw or prompt on. Progress still goes to stderr.
  const screen = await terminal.screen().catch(() => null);
  const mayDraw = !isQuiet && terminal.stderrIsTerminal && supportsColour(env);
  return {
    progress(event) {
      progress(mayDraw ? emphasised(event) : event);
      if (event.kind === "device-code" && withQrCode) {
        const { verificationUri, verificationUriComplete } = event.code;
        const style = { colors: mayDraw, columns: terminal.columns() ?? Infinity };
        showToUser(terminal, drawQrCode(verificationUriComplete ?? verificationUri, style));
      }
    },
    askForAddress: screen === null || !terminal.stdinIsTerminal ? null : async (validate, signal) => {
      const { promptForAddress } = await import("./prompt.ts");
      return await promptForAddress(terminal, (line) => showToUser(terminal, [line]), validate, signal);
    },
    [Symbol.dispose]: () => terminal.endWait(),
  };
}

/** Prints the user code in bold, which leaves it easy to copy. */
function emphasised(event: ProgressEvent): ProgressEvent {
  if (event.kind !== "device-code") return event;
  return { ...event, code: { ...event.code, userCode: `\x1b[1m${event.code.userCode}\x1b[0m` } };
}

export interface QrCodeOptions {
  /** Whether to set colors. Without them a bright terminal shows the code inverted. */
  readonly colors: boolean;
  /** The width of the terminal. A code that wraps cannot be read. */
  readonly columns: number;
}

/** Black on white, whatever the colors of the terminal are. */
const [BLACK_ON_WHITE, PLAIN] = ["\x1b[30;107m", "\x1b[0m"];

/** The width of the quiet zone in modules (ISO/IEC 18004, section 6.3.8). */
const QUIET_ZONE = 4;

/** Draws the QR code (ISO/IEC 18004) of `text`, two of its rows in each line; a sentence if it does not fit. */
export function drawQrCode(text: string, { colors, columns }: QrCodeOptions): string[] {
  const rows = encodeQR(text, "raw", { border: QUIET_ZONE });
  if (rows.length > columns) return [`The QR code needs a terminal of ${rows.length} columns.`];
  const lines: string[] = [];
  for (let top = 0; top < rows.length; top += 2) {
    // The row after the last one belongs to the border.
    const [upper = [], lower = upper.map(() => false)] = [rows[top], rows[top + 1]];
    const line = upper.map((isDark, column) => half(isDark === colors, (lower[column] ?? false) === colors));
    lines.push(colors ? `${BLACK_ON_WHITE}${line.join("")}${PLAIN}` : line.join(""));
  }
  return lines;
}

/** Returns the block character with these halves filled. */
function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
