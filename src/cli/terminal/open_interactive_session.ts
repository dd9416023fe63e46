import type { InteractiveSession } from "../../flows/sign_in/interactive_session.ts";
import type { Progress, ProgressEvent } from "../../flows/progress.ts";
import type { CommandContext } from "../context.ts";
import { showToUser, takesColour } from "./terminal_ui.ts";

/** How the person is spoken to. */
export interface InteractiveSessionOptions {
  /** Says what happens. */
  readonly progress: Progress;
  /** Whether addresses are drawn as QR codes too. */
  readonly withQrCode: boolean;
  /** Whether nothing is to stand out, as with `--quiet`. */
  readonly isQuiet?: boolean;
}

/** Meets the person at the terminal, for a sign-in that needs more of them than to look at the browser. */
export async function openInteractiveSession(
  { terminal, env }: Pick<CommandContext, "terminal" | "env">,
  { progress, withQrCode, isQuiet = false }: InteractiveSessionOptions,
): Promise<InteractiveSession> {
  // Without one nothing can be drawn or asked; what has to be said goes to stderr all the same.
  const screen = await terminal.screen().catch(() => null);
  const mayDraw = !isQuiet && terminal.stderrIsTerminal && takesColour(env);
  const drawCode = withQrCode ? (await import("./qr_code.ts")).drawQrCode : null;
  return {
    progress(event) {
      progress(mayDraw ? emphasised(event) : event);
      if (event.kind === "device-code" && drawCode !== null) {
        const { verificationUri, verificationUriComplete } = event.code;
        showToUser(terminal, drawCode(verificationUriComplete ?? verificationUri, { colors: mayDraw }));
      }
    },
    askForAddress: screen === null || !terminal.stdinIsTerminal ? null : async (validate, signal) => {
      const { askForAddress } = await import("./prompt.ts");
      return await askForAddress(terminal, (line) => showToUser(terminal, [line]), validate, signal);
    },
    [Symbol.dispose]: () => terminal.endWait(),
  };
}

/** What has to be typed elsewhere stands out, and can still be copied as it is. */
function emphasised(event: ProgressEvent): ProgressEvent {
  if (event.kind !== "device-code") return event;
  return { ...event, code: { ...event.code, userCode: `\x1b[1m${event.code.userCode}\x1b[0m` } };
}
