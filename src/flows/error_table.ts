/** The application, tenant and profile that the sentences about an error name. */
export interface ErrorSubject {
  /** Application (client) id. */
  readonly clientId: string;
  /** Tenant as configured. */
  readonly tenant: string;
  /** Name of the profile. */
  readonly profile: string;
}

/** An error of Entra's, explained. */
export interface ExplainedError {
  /** Its number, as `AADSTS50011`. */
  readonly aadsts: string;
  /** What happened. */
  readonly message: string;
  /** What to do about it, in one or more lines. */
  readonly hint: string;
}

/** What is known of Entra's errors without asking anybody. */
export interface ErrorTable {
  /** The error with this number, as `AADSTS50011`, about `subject`; null where it isn't known. */
  explain(aadsts: string, subject: ErrorSubject): ExplainedError | null;
  /** Every number that is known, as `AADSTS50011`. */
  numbers(): string[];
}
