/** Codes by which callers and scripts tell errors apart. They are part of the JSON output. */
export type ErrorCode = keyof typeof EXIT_CODES;

/** The exit code for each error code. 126 and 127 mean what they mean in a shell. */
export const EXIT_CODES = {
  unexpected: 1,
  request_failed: 1,
  usage: 2,
  sign_in_failed: 3,
  access_denied: 3,
  interaction_required: 3,
  invalid_response: 3,
  port_in_use: 3,
  network: 4,
  timeout: 5,
  no_profile: 6,
  no_token: 6,
  unverified: 6,
  store: 7,
  unreadable_store: 7,
  invalid_profile: 7,
  permission: 8,
  person_needed: 9,
  wrong_account: 10,
  command_refused: 126,
  command_not_found: 127,
  interrupted: 130,
} as const;

/** What a {@linkcode CliError} carries besides its code and message. */
export interface CliErrorOptions {
  /** The next step: one or more lines, each a full sentence or a command. */
  readonly hint?: string | undefined;
  /** Entra's error code, such as `AADSTS50011`. */
  readonly aadsts?: string | undefined;
  /** Identifies the request to Microsoft support. */
  readonly correlationId?: string | undefined;
  /** The authority's own words, on one line. */
  readonly description?: string | undefined;
  /** A claims request that the next sign-in must carry (Conditional Access), as the JSON text that Entra sent. */
  readonly claims?: string | undefined;
  /** The underlying error, for `--verbose`. It must not contain a secret. */
  readonly cause?: unknown;
}

/** An error for the user: one line that states what happened, and a hint that states what to do next. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly aadsts: string | undefined;
  readonly correlationId: string | undefined;
  readonly description: string | undefined;
  readonly claims: string | undefined;

  constructor(code: ErrorCode, message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.aadsts = options.aadsts;
    this.correlationId = options.correlationId;
    this.description = options.description;
    this.claims = options.claims;
  }

  /** Returns the same error with another hint. */
  withHint(hint: string): CliError {
    const { code, message, aadsts, correlationId, description, claims, cause } = this;
    return new CliError(code, message, { hint, aadsts, correlationId, description, claims, cause });
  }

  /** The exit code of the program if this error ends it. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
