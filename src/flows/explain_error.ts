import { findRemedy, formatHint, knownNumbers } from "../entra/errors/aadsts/find_remedy.ts";

export { knownNumbers };

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
  readonly message: string;
  /** What to do about it, in one or more lines. */
  readonly hint: string;
}

/** Explains the error with this number, as `AADSTS50011`; null if the number is unknown. */
export function explainError(aadsts: string, subject: ErrorSubject): ExplainedError | null {
  const remedy = findRemedy(aadsts);
  return remedy === null ? null : { aadsts, message: remedy.message, hint: formatHint(remedy, subject) };
}
