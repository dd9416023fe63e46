import {
  findCode,
  findMeaning,
  findSuberror,
  formatHint,
  knownNumbers,
} from "../entra/errors/aadsts/find_remedy.ts";
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
  /** Its number, as `AADSTS50011`; null for a code without one. */
  readonly aadsts: string | null;
  /** Its code of OAuth or OpenID Connect, as `invalid_scope`, or Entra's suberror; null for a number. */
  readonly error: string | null;
  /** The kind of fix. */
  readonly class: ErrorClass;
  readonly message: string;
  /** Why it happens; null if the message says all that is known. */
  readonly cause: string | null;
  /** What to do about it, in one or more lines. */
  readonly hint: string;
}

/** Explains the error with this number, as `AADSTS50011`, or code, as `invalid_scope`; null if it is unknown. */
export function explainError(code: string, subject: ErrorSubject): ExplainedError | null {
  const named = findCode(code) ?? findSuberror(code);
  const meaning = named ?? findMeaning(code);
  if (meaning === null) return null;
  const { class: name, message, cause = null } = meaning;
  const [aadsts, error] = named === null ? [code, null] : [null, code];
  return { aadsts, error, class: name, message, cause, hint: formatHint(meaning, subject) };
}

/** An error code with its prefix, after a name such as `error_codes` or `Error code`, or in an `error_uri`. */
const LABELLED =
  /(AADSTS|AADB2C)(?:[\s+:#-]|%20|%3A)*(\d{1,9})(?!\d)|\berror[\s_-]*codes?["']?\s*[:=#]?\s*\[?\s*["']?(\d{4,9}(?:\s*,\s*\d{4,9})*)(?!\d)|(?:[?&]|%3F|%26)code(?:=|%3D)(\d{4,9})(?![\w.-])/gi;

/** Numbers and nothing else. */
const BARE = /^\s*\d{1,9}(?:[\s,;]+\d{1,9})*\s*$/;

/**
 * Returns the error codes in a text, such as `AADSTS50011`, each once: a code, several, an `error_uri`, or a message, JSON
 * document or log line that names codes. Other numbers in a message do not count. Without a number, or if all numbers are
 * unknown, known codes such as `invalid_scope` count.
 */
export function findErrorCodes(text: string): string[] {
  if (BARE.test(text)) return unique((text.match(/\d+/g) ?? []).map((digits) => `AADSTS${digits}`));
  const found = [...text.matchAll(LABELLED)].flatMap(([, prefix = "AADSTS", prefixed, listed, linked]) =>
    ((prefixed ?? listed ?? linked ?? "").match(/\d+/g) ?? []).map((digits) => prefix.toUpperCase() + digits)
  );
  if (found.some((number) => findMeaning(number) !== null)) return unique(found);
  const codes = codesWithoutNumber(text);
  return unique(codes.length > 0 ? codes : found);
}

/** Returns the known codes of OAuth and OpenID Connect in a text. All contain an underscore, which words of prose do not. */
function codesWithoutNumber(text: string): string[] {
  return (text.toLowerCase().match(/(?<![a-z\d_])[a-z]+(?:_[a-z]+)+(?![a-z\d_])/g) ?? [])
    .filter((word) => (findCode(word) ?? findSuberror(word)) !== null);
}

function unique(codes: readonly string[]): string[] {
  return [...new Set(codes)];
}
