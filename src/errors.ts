/**
 * What can go wrong, by name. Callers and scripts tell errors apart by this code, never by their text.
 */
export type ErrorCode = keyof typeof EXIT_CODES;

/**
 * The exit code of the program for each error code:
 * 1 unexpected, 2 wrong usage, 3 sign-in failed or refused, 4 network, 5 timed out, 6 no such profile or no good token,
 * 7 the store can't be read or written, 8 a Deno permission is missing, 9 a person is needed and none is there,
 * 10 the wrong account came back, 126 a command can't be run and 127 there is no such command (as in a shell),
 * 130 interrupted.
 */
export const EXIT_CODES = {
  unexpected: 1,
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

/** What {@linkcode CliError} carries besides its code and message. */
export interface CliErrorOptions {
  /** What the reader can do next: one or more lines, each a full sentence or a command. */
  readonly hint?: string;
  /** Entra's own error number, such as `AADSTS50011`. */
  readonly aadsts?: string;
  /** The identifier Entra's support asks for. */
  readonly correlationId?: string;
  /** Claims that the next sign-in has to carry (Conditional Access), as the JSON text Entra sent. */
  readonly claims?: string;
  /** The error underneath, for `--verbose`. It must not hold a secret. */
  readonly cause?: unknown;
}

/** An error written for the person who will read it: what happened, and in `hint` what to do next. */
export class CliError extends Error {
  /** Always the same: what tells errors apart is the code. */
  override readonly name = "CliError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** What the reader can do next. */
  readonly hint: string | undefined;
  /** Entra's own error number. */
  readonly aadsts: string | undefined;
  /** The identifier Entra's support asks for. */
  readonly correlationId: string | undefined;
  /** Claims that the next sign-in has to carry. */
  readonly claims: string | undefined;

  /** Makes an error with the given code; `message` is one line that says what happened. */
  constructor(code: ErrorCode, message: string, options: CliErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.aadsts = options.aadsts;
    this.correlationId = options.correlationId;
    this.claims = options.claims;
  }

  /** The same error with another way on. */
  withHint(hint: string): CliError {
    const { code, message, aadsts, correlationId, claims, cause } = this;
    return new CliError(code, message, {
      hint,
      cause,
      ...(aadsts === undefined ? {} : { aadsts }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(claims === undefined ? {} : { claims }),
    });
  }

  /** The exit code that the program ends with when this error reaches the user. */
  get exitCode(): number {
    return EXIT_CODES[this.code];
  }
}
