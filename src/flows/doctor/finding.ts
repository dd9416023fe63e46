import type { CliError } from "../../errors.ts";

/** What is looked at, in the order of the report. */
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
] as const;

/** The name of a check. */
export type CheckName = typeof CHECKS[number];

/** `ok`; `warn` for what works in another way, or only in part; `fail` for what keeps a sign-in from working. */
export type Level = "ok" | "warn" | "fail";

/** What a check found. */
export interface Finding {
  /** What was looked at. */
  readonly check: CheckName;
  /** How it is. */
  readonly level: Level;
  /** What was found, as a sentence without its full stop. */
  readonly message: string;
  /** What to do about it; null where nothing has to be done. */
  readonly remedy: string | null;
}

/** All is well. */
export function ok(check: CheckName, message: string): Finding {
  return { check, level: "ok", message, remedy: null };
}

/** It works, but not as well as it could. */
export function warn(check: CheckName, message: string, remedy: string): Finding {
  return { check, level: "warn", message, remedy };
}

/** It doesn't work. */
export function fail(check: CheckName, message: string, remedy: string | null): Finding {
  return { check, level: "fail", message, remedy };
}

/** The check itself came to an error, which says what is wrong. */
export function failedBy(check: CheckName, { message, hint }: CliError): Finding {
  return fail(check, message, hint ?? null);
}
