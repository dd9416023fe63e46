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
  const drawCode = withQrCode ? (await import("./qr_code.ts")).drawQrCode : null;
  return {
    progress(event) {
      progress(mayDraw ? emphasised(event) : event);
      if (event.kind === "device-code" && drawCode !== null) {
        const { verificationUri, verificationUriComplete } = event.code;
        const style = { colors: mayDraw, columns: terminal.columns() ?? Infinity };
        showToUser(terminal, drawCode(verificationUriComplete ?? verificationUri, style));
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
