import { findMeaning, formatHint, knownNumbers } from "../entra/errors/aadsts/find_remedy.ts";
import type { ErrorClass } from "../entra/errors/aadsts/remedy.ts";

export { type ErrorClass, knownNumbers };

/** The application, tenant and profile that an explanation names. */
export interface ErrorSubject {
  /** Application (client) id. */
  readonly clientId: string;
  /** Tenant as configured. */
  readonly tenant: string;
  /** Name of the profile. */
  readonly profile: string;
}

/** An error of Entra, explained. */
export interface ExplainedError {
  /** Its number, as `AADSTS50011`. */
  readonly aadsts: string;
  /** The kind of fix. */
  readonly class: ErrorClass;
  readonly message: string;
  /** Why it happens; null if the message says all that is known. */
  readonly cause: string | null;
  /** What to do about it, in one or more lines. */
  readonly hint: string;
}

/** Explains the error with this number, as `AADSTS50011`; null if the number is unknown. */
export function explainError(aadsts: string, subject: ErrorSubject): ExplainedError | null {
  const meaning = findMeaning(aadsts);
  if (meaning === null) return null;
  const { class: name, message, cause = null } = meaning;
  return { aadsts, class: name, message, cause, hint: formatHint(meaning, subject) };
}

/** An error code with its prefix, after a name such as `error_codes` or `Error code`, or in an `error_uri`. */
const LABELLED =
  /(AADSTS|AADB2C)(?:[\s+:#-]|%20|%3A)*(\d{1,9})(?!\d)|\berror[\s_-]*codes?["']?\s*[:=#]?\s*\[?\s*["']?(\d{4,9}(?:\s*,\s*\d{4,9})*)(?!\d)|(?:[?&]|%3F|%26)code(?:=|%3D)(\d{4,9})(?![\w.-])/gi;

/** Numbers and nothing else. */
const BARE = /^\s*\d{1,9}(?:[\s,;]+\d{1,9})*\s*$/;

/**
 * Returns the error codes in a text, such as `AADSTS50011`, each once: a code, several, an `error_uri`, or a message, JSON
 * document or log line that names codes. Other numbers of a message are none.
 */
export function findErrorCodes(text: string): string[] {
  if (BARE.test(text)) return unique((text.match(/\d+/g) ?? []).map((digits) => `AADSTS${digits}`));
  const found = [...text.matchAll(LABELLED)].flatMap(([, prefix = "AADSTS", prefixed, listed, linked]) =>
    ((prefixed ?? listed ?? linked ?? "").match(/\d+/g) ?? []).map((digits) => prefix.toUpperCase() + digits)
  );
  return unique(found);
}

function unique(codes: readonly string[]): string[] {
  return [...new Set(codes)];
}
