import { type Finding, ok, warn } from "./finding.ts";

/** What is known about opening a browser. */
export interface BrowserFacts {
  /** Whether a browser that is opened here would show on a screen. */
  readonly hasDisplay: boolean;
  /** What says so, as a clause: "DISPLAY is set". */
  readonly displayReason: string;
  /** The variable `BROWSER`. */
  readonly browserVariable: string | undefined;
  /** The programs that would be tried, in this order. */
  readonly openers: readonly OpenerFacts[];
}

/** What is known about one opener. */
export interface OpenerFacts {
  /** Name or path of the program. */
  readonly command: string;
  /** Whether there is such a program; null where that can't be seen. */
  readonly isInstalled: boolean | null;
  /** Whether it may be started. */
  readonly isPermitted: boolean;
}

const WITHOUT_BROWSER =
  "Use --flow device-code to sign in on another device, or --show-url to open the URL yourself.";

/** Whether a browser would show on a screen. Where `BROWSER` is set that is nobody's question. */
export function checkDisplay({ hasDisplay, displayReason, browserVariable }: BrowserFacts): Finding {
  if (browserVariable !== undefined) return ok("display", "not asked for, because BROWSER is set");
  if (hasDisplay) return ok("display", `there is one: ${displayReason}`);
  return warn(
    "display",
    `there is none: ${displayReason}`,
    `Set BROWSER where a browser works all the same. ${WITHOUT_BROWSER}`,
  );
}

/** Which program would open the browser. */
export function checkBrowser({ hasDisplay, browserVariable, openers }: BrowserFacts): Finding {
  const origin = browserVariable === undefined ? "the system's opener" : `BROWSER is ${browserVariable}`;
  if (openers.length === 0) {
    return warn(
      "browser",
      `no program opens it (${origin})`,
      `Set BROWSER to a browser's name or path. ${WITHOUT_BROWSER}`,
    );
  }
  const usable = openers.find(({ isInstalled, isPermitted }) => isInstalled !== false && isPermitted);
  if (usable === undefined) return unusable(openers, origin);
  const first = browserVariable === undefined && !hasDisplay ? "with a display, " : "";
  const certainty = usable.isInstalled === null ? ", if it is installed" : "";
  return ok("browser", `${first}${usable.command} opens it (${origin})${certainty}`);
}

function unusable(openers: readonly OpenerFacts[], origin: string): Finding {
  const denied = openers.find(({ isInstalled, isPermitted }) => isInstalled !== false && !isPermitted);
  if (denied !== undefined) {
    return warn(
      "browser",
      `${denied.command} may not be started (${origin})`,
      `Add the Deno flag --allow-run=${denied.command}, or set BROWSER to another browser. ${WITHOUT_BROWSER}`,
    );
  }
  const names = openers.map(({ command }) => command).join(", ");
  return warn(
    "browser",
    `not installed: ${names} (${origin})`,
    `Install it, or set BROWSER to a browser. ${WITHOUT_BROWSER}`,
  );
}
