import { CliError, type ErrorCode, EXIT_CODES } from "../errors.ts";

/** How a sign-in ended, as far as it concerns others who need the same one. */
export type SignInOutcome =
  /** Its result is in the store. */
  | { readonly kind: "signed-in" }
  /** Nobody has to be asked for these scopes again. */
  | { readonly kind: "refused"; readonly error: CliError; readonly scopes: readonly string[] };

/** What a process that asks the user says about it to the processes that wait. It holds no secret. */
export interface SignInRecord {
  /** Id of the process. */
  readonly pid: number;
  /** Tells this attempt from any other. */
  readonly attempt: string;
  /** How it ended; null while the process asks, and for good where it ended without an outcome for others. */
  readonly outcome: SignInOutcome | null;
}

/** The record as bytes for a file. */
export function formatSignInRecord({ pid, attempt, outcome }: SignInRecord): Uint8Array {
  const record = { pid, attempt, outcome: outcome === null ? null : formatOutcome(outcome) };
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

/** Reads a record; null for anything that is none. */
export function parseSignInRecord(content: Uint8Array): SignInRecord | null {
  const record = parseObject(new TextDecoder().decode(content));
  if (record === null) return null;
  const { pid, attempt, outcome } = record;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0 || typeof attempt !== "string") {
    return null;
  }
  return { pid, attempt, outcome: parseOutcome(outcome) };
}

function formatOutcome(outcome: SignInOutcome): Record<string, unknown> {
  if (outcome.kind === "signed-in") return { kind: outcome.kind };
  const { code, message, hint, aadsts, correlationId } = outcome.error;
  return { kind: outcome.kind, scopes: outcome.scopes, code, message, hint, aadsts, correlationId };
}

function parseOutcome(value: unknown): SignInOutcome | null {
  if (!isObject(value)) return null;
  if (value.kind === "signed-in") return { kind: "signed-in" };
  const { code, message, hint, aadsts, correlationId, scopes } = value;
  if (value.kind !== "refused" || !isErrorCode(code) || typeof message !== "string") return null;
  if (!Array.isArray(scopes) || !scopes.every((scope) => typeof scope === "string")) return null;
  const error = new CliError(code, message, {
    ...(typeof hint === "string" ? { hint } : {}),
    ...(typeof aadsts === "string" ? { aadsts } : {}),
    ...(typeof correlationId === "string" ? { correlationId } : {}),
  });
  return { kind: "refused", error, scopes };
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(EXIT_CODES, value) && value !== "interrupted";
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
