import type { Person } from "../flows/person.ts";
import type { Progress, ProgressEvent } from "../flows/progress.ts";
import type { CommandContext } from "./context.ts";
import { type Countdown, startCountdown } from "./countdown.ts";
import { tellPerson } from "./tell_person.ts";

/** How the person is spoken to. */
export interface PersonOptions {
  /** Says what happens. */
  readonly progress: Progress;
  /** Whether status lines, and so the time that is left, are not wanted. */
  readonly isQuiet: boolean;
  /** Whether addresses are drawn as QR codes too. */
  readonly withQrCode: boolean;
}

/** Meets the person at the terminal, for a sign-in that needs more of them than to look at the browser. */
export async function meetPerson(
  { terminal, clock, env }: Pick<CommandContext, "terminal" | "clock" | "env">,
  { progress, isQuiet, withQrCode }: PersonOptions,
): Promise<Person> {
  // Without one nothing can be drawn or asked; what has to be said goes to stderr all the same.
  const screen = await terminal.screen().catch(() => null);
  const mayDraw = terminal.stderrIsTerminal && env.get("NO_COLOR") === undefined;
  const drawCode = withQrCode ? (await import("./qr_code.ts")).drawQrCode : null;
  let countdown: Countdown | null = null;
  const tell = (lines: readonly string[]) => {
    countdown?.hide();
    tellPerson(terminal, lines);
  };
  const countDown = ({ untilMs }: ProgressEvent & { kind: "waiting-for-sign-in" }) => {
    if (screen === null || untilMs === undefined || !mayDraw || isQuiet) return;
    countdown?.[Symbol.dispose]();
    countdown = startCountdown(screen, clock, untilMs);
  };
  return {
    progress(event) {
      countdown?.hide();
      progress(event);
      if (event.kind === "waiting-for-sign-in") countDown(event);
      if (event.kind === "device-code" && drawCode !== null) {
        const { verificationUri, verificationUriComplete } = event.code;
        tell(drawCode(verificationUriComplete ?? verificationUri, { colors: mayDraw }));
      }
    },
    askForAddress: screen === null || !terminal.stdinIsTerminal ? null : async (judge, signal) => {
      const { askForAddress } = await import("./ask_for_address.ts");
      return await askForAddress(terminal, (line) => tell([line]), judge, signal);
    },
    [Symbol.dispose]: () => countdown?.[Symbol.dispose](),
  };
}
