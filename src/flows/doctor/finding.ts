import type { CliError } from "../../errors.ts";
import type { Os } from "../../system/os.ts";

/** The checks, in the order of the report. */
export const CHECKS = [
  "program",
  "permissions",
  "folder",
  "profiles",
  "profile",
  "key",
  "tokens",
  "display",
  "browser",
  "loopback 127.0.0.1",
  "loopback [::1]",
  "authority",
  "clock",
  "az",
] as const;

export type CheckName = typeof CHECKS[number];

/** `ok`; `warn` for what works in another way, or only in part; `fail` for what keeps a sign-in from working. */
export type Level = "ok" | "warn" | "fail";

export interface Finding {
  readonly check: CheckName;
  readonly level: Level;
  /** A sentence without its full stop. */
  readonly message: string;
  /** What to do about it; null if nothing has to be done. */
  readonly remedy: string | null;
}

export function ok(check: CheckName, message: string): Finding {
  return { check, level: "ok", message, remedy: null };
}

export function warn(check: CheckName, message: string, remedy: string): Finding {
  return { check, level: "warn", message, remedy };
}

export function fail(check: CheckName, message: string, remedy: string | null): Finding {
  return { check, level: "fail", message, remedy };
}

/** Returns the finding of a check that failed with an error. */
export function failedBy(check: CheckName, { message, hint }: CliError): Finding {
  return fail(check, message, hint ?? null);
}

/** What a report must not show of this machine. */
export interface PrivateNames {
  /** The user's home folder. */
  readonly home: string | undefined;
  /** The program's folder, if a variable names it. */
  readonly ownFolder: string | undefined;
  readonly os: Os;
}

/** Returns the finding without anything that identifies the user: see {@linkcode redact}. */
export function redacted(finding: Finding, names: PrivateNames): Finding {
  const { message, remedy } = finding;
  return {
    ...finding,
    message: redact(message, names),
    remedy: remedy === null ? null : redact(remedy, names),
  };
}

/**
 * Removes what identifies the user: the home folder becomes `~` (`%USERPROFILE%` on Windows), the program's
 * folder elsewhere the variable that names it, the user's name in other paths `USER`; user and password in a URL are
 * dropped, and e-mail addresses replaced.
 */
export function redact(text: string, { home, ownFolder, os }: PrivateNames): string {
  const isWindows = os === "windows";
  let shown = text;
  if (ownFolder !== undefined && ownFolder.length > 1) {
    shown = shown.replaceAll(ownFolder, () => isWindows ? "%ENTRA_AUTH_CLI_HOME%" : "$ENTRA_AUTH_CLI_HOME");
  }
  const user = home?.split(/[/\\]/).findLast((part) => part !== "");
  if (home !== undefined && user !== undefined) {
    shown = shown.replaceAll(home, isWindows ? "%USERPROFILE%" : "~").replaceAll(
      new RegExp(`(?<=[/\\\\])${escape(user)}(?=[/\\\\]|\\b)`, "g"),
      "USER",
    );
  }
  return shown
    .replace(/(?<=[a-z]:\/\/)[^/\s@]*@/gi, "")
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, "USER@DOMAIN");
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
