import { abortable } from "@std/async/abortable";
import type { Processes, StartAttempt, StartedProcess } from "../system/processes/processes.ts";
import { type OpenerCommand, openerCommands, type OpenerContext } from "./opener.ts";

/** The result of trying to open the browser. */
export type BrowserOpening =
  | {
    readonly kind: "opened";
    /** Resolves to a reason if the opener fails later, to null if it succeeds. Never rejects. */
    readonly lateFailure: Promise<string | null>;
  }
  | {
    readonly kind: "failed";
    /** A sentence without its full stop. */
    readonly reason: string;
    readonly hint?: string | undefined;
  };

export interface OpenBrowserDependencies extends OpenerContext {
  readonly processes: Pick<Processes, "start">;
  /** How long an opener may run before it counts as a success, in milliseconds. Default 1000. */
  readonly graceMs?: number | undefined;
}

/**
 * Opens `url`, which must be https, in the user's browser. Skips openers that are missing or fail at once: the first one
 * that succeeds, or still runs after the grace time, has opened it. Rejects with the reason of `signal` if it is aborted.
 */
export async function openBrowser(
  url: string,
  dependencies: OpenBrowserDependencies,
  signal: AbortSignal,
): Promise<BrowserOpening> {
  signal.throwIfAborted();
  if (!isSafeUrl(url)) {
    return { kind: "failed", reason: "The sign-in URL is not a plain https URL" };
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
 * Reports whether `url` is https and consists of the characters of RFC 3986, so that no opener can take it, or a part of
 * it, for anything but a URL. Two characters are restricted further: a percent sign needs two hexadecimal digits, because
 * Windows expands `%PATH%`, and a dollar sign is refused, because wslview passes the URL to PowerShell. No authority uses
 * one in its URLs.
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
  if (attempt.kind !== "started") return startFailure(command, attempt);
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

/** Returns the exit code if `process` exits within `ms` milliseconds, null if it still runs. */
async function exitCodeWithin(
  process: StartedProcess,
  ms: number,
  signal: AbortSignal,
): Promise<number | null> {
  const time = AbortSignal.timeout(ms);
  try {
    return (await abortable(process.exited, AbortSignal.any([signal, time]))).code;
  } catch (error) {
    if (error !== time.reason) throw error;
    return null;
  }
}

async function lateFailure(command: string, process: StartedProcess): Promise<string | null> {
  const { code } = await process.exited;
  return code === 0 ? null : exitReason(command, code);
}

function exitReason(command: string, code: number): string {
  return `${command} exited with code ${code}`;
}

type Failure = Extract<BrowserOpening, { kind: "failed" }>;

function startFailure(command: string, attempt: Exclude<StartAttempt, { kind: "started" }>): Failure {
  switch (attempt.kind) {
    case "not-found":
      return { kind: "failed", reason: `${command} was not found` };
    case "refused":
      return { kind: "failed", reason: `${command} could not be started` };
    case "not-permitted":
      return { kind: "failed", reason: `Running ${command} is not permitted`, hint: attempt.hint };
  }
}

function nothingToTry({ os, env }: OpenerContext): Failure {
  if (env.get("BROWSER")?.trim().toLowerCase() === "none") {
    return { kind: "failed", reason: "BROWSER is set to none" };
  }
  const hint = os === "windows"
    ? "Set BROWSER to the name of a browser or to the full path of its .exe file."
    : "Set BROWSER to the name or path of a browser, or unset it.";
  return { kind: "failed", reason: "BROWSER does not name a program", hint };
}

function allFailed(failures: readonly Failure[]): Failure {
  const reason = failures.map((failure) => failure.reason).join("; ");
  return { kind: "failed", reason, hint: failures.find(({ hint }) => hint !== undefined)?.hint };
}
