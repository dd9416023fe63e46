import { abortable } from "@std/async/abortable";
import type { Processes, StartAttempt, StartedProcess } from "../system/processes/processes.ts";
import { type OpenerCommand, openerCommands, type OpenerContext } from "./opener.ts";

/** What became of opening the browser. */
export type BrowserOpening =
  | {
    readonly kind: "opened";
    /** Settles with a reason if the opener fails after all, with null when it ends well. Never rejects. */
    readonly lateFailure: Promise<string | null>;
  }
  | {
    readonly kind: "failed";
    /** Why, as a sentence without its full stop. */
    readonly reason: string;
    /** What would help, where that is known. */
    readonly hint?: string;
  };

/** What {@linkcode openBrowser} needs. */
export interface OpenBrowserDependencies extends OpenerContext {
  /** Starts the opener. */
  readonly processes: Pick<Processes, "start">;
  /** How long an opener may run before it counts as a success, in milliseconds. Default 1000. */
  readonly graceMs?: number;
}

/**
 * Opens `url`, which has to be https, in the user's browser. Openers that are missing or fail at once are passed over;
 * the first that ends well or is still running after the grace time has opened it. Rejects with the reason of `signal`
 * when that is aborted.
 */
export async function openBrowser(
  url: string,
  dependencies: OpenBrowserDependencies,
  signal: AbortSignal,
): Promise<BrowserOpening> {
  signal.throwIfAborted();
  if (!isSafeUrl(url)) {
    return { kind: "failed", reason: "The address of the sign-in is not a plain https address" };
  }
  const commands = openerCommands(url, dependencies);
  const failures: Failure[] = [];
  for (const command of commands) {
    const opening = await tryOpener(command, dependencies, signal);
    if (opening.kind === "opened") return opening;
    failures.push(opening);
  }
  return failures.length === 0 ? nothingToTry(dependencies) : allFailed(failures);
}

/**
 * Whether `url` is https and has nothing but the characters of RFC 3986, so that no opener can take it for an option,
 * or its parts for anything but a URL. Two of them may mean more to an opener than to a browser. A percent sign stands
 * before two digits, for `%PATH%` would be a variable to Windows. A dollar sign, which no authority has in its addresses,
 * is code to the PowerShell by which wslview opens the browser of Windows from WSL.
 */
function isSafeUrl(url: string): boolean {
  return /^https:\/\/(?:[\w\-.~:/?#[\]@!&'()*+,;=]|%[\da-fA-F]{2})+$/.test(url) && URL.canParse(url);
}

async function tryOpener(
  { command, args, refusal }: OpenerCommand,
  dependencies: OpenBrowserDependencies,
  signal: AbortSignal,
): Promise<BrowserOpening> {
  if (refusal !== undefined) return { kind: "failed", reason: refusal };
  const attempt = await dependencies.processes.start(command, args);
  if (attempt.kind !== "started") return startFailure(command, attempt.kind);
  const { process } = attempt;
  try {
    const code = await exitCodeWithin(process, dependencies.graceMs ?? 1000, signal);
    if (code === null) return { kind: "opened", lateFailure: lateFailure(command, process) };
    if (code === 0) return { kind: "opened", lateFailure: Promise.resolve(null) };
    return { kind: "failed", reason: exitReason(command, code) };
  } finally {
    process.unref();
  }
}

/** The exit code if `process` ends within `ms` milliseconds, null if it still runs. */
async function exitCodeWithin(
  process: StartedProcess,
  ms: number,
  signal: AbortSignal,
): Promise<number | null> {
  const stillRunning = Promise.withResolvers<null>();
  const timer = setTimeout(() => stillRunning.resolve(null), ms);
  try {
    const ended = await abortable(Promise.race([process.exited, stillRunning.promise]), signal);
    return ended?.code ?? null;
  } finally {
    clearTimeout(timer);
  }
}

async function lateFailure(command: string, process: StartedProcess): Promise<string | null> {
  const { code } = await process.exited;
  return code === 0 ? null : exitReason(command, code);
}

function exitReason(command: string, code: number): string {
  return `${command} ended with exit code ${code}`;
}

type Failure = Extract<BrowserOpening, { kind: "failed" }>;

function startFailure(command: string, why: Exclude<StartAttempt["kind"], "started">): Failure {
  switch (why) {
    case "not-found":
      return { kind: "failed", reason: `${command} was not found` };
    case "refused":
      return { kind: "failed", reason: `${command} could not be started` };
    case "not-permitted": {
      const name = /\s/.test(command) ? `"${command}"` : command;
      return {
        kind: "failed",
        reason: `Deno was not allowed to start ${command}`,
        hint:
          `Add --allow-run=${name} to what Deno may do. For an executable, see Permissions in the README.`,
      };
    }
  }
}

function nothingToTry({ os, env }: OpenerContext): Failure {
  if (env.get("BROWSER")?.trim().toLowerCase() === "none") {
    return { kind: "failed", reason: "BROWSER is set to none" };
  }
  const hint = os === "windows"
    ? "Set BROWSER to the name of a browser or to the full path of its .exe file."
    : "Set BROWSER to the name or the path of a browser, or unset it.";
  return { kind: "failed", reason: "BROWSER names no program that can be used", hint };
}

function allFailed(failures: readonly Failure[]): Failure {
  const reason = failures.map((failure) => failure.reason).join("; ");
  const hint = failures.find((failure) => failure.hint !== undefined)?.hint;
  return hint === undefined ? { kind: "failed", reason } : { kind: "failed", reason, hint };
}
