import { parseClaimsRequest } from "../../identity/claims.ts";
import { plainText, withoutTokens } from "../../text/plain_text.ts";

/** An error as the authority reports it, in a token response or in the redirect. */
export interface ReportedError {
  /** The `error` of RFC 6749, such as `invalid_grant`. */
  readonly error: string;
  /** The authority's words, or null. */
  readonly description: string | null;
  /** Entra's own number, such as `AADSTS50011`, or B2C's, such as `AADB2C90118`. */
  readonly aadsts?: string;
  /** Entra's finer division of `error`, such as `message_only`. */
  readonly suberror?: string;
  /** Identifies the request to the support. */
  readonly correlationId?: string;
  /** When it happened, in the authority's words. */
  readonly timestamp?: string;
  /** Claims that the next sign-in has to carry: the JSON text of a claims request. */
  readonly claims?: string;
}

/** Reads the error fields of a token response, or null when the body reports none. */
export function parseReportedError(body: Readonly<Record<string, unknown>>): ReportedError | null {
  const error = text(body.error);
  if (error === undefined) return null;
  const description = text(body.error_description) ?? null;
  const fields = {
    aadsts: findNumber(description) ?? firstNumber(body.error_codes),
    suberror: text(body.suberror),
    correlationId: shortText(body.correlation_id) ?? described(description, "Correlation ID"),
    timestamp: shortText(body.timestamp) ?? described(description, "Timestamp"),
    claims: claimsText(body.claims),
  };
  const found = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { error, description, ...Object.fromEntries(found) };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? withoutTokens(value) : undefined;
}

/** Longer than an id or a time is nothing that belongs there. */
function shortText(value: unknown): string | undefined {
  return typeof value === "string" ? plainText(value, 64) : undefined;
}

/** The number that the words begin with: they may quote others further on. */
function findNumber(description: string | null): string | undefined {
  return description?.match(/AADSTS\d+|AADB2C\d+/)?.[0];
}

function firstNumber(codes: unknown): string | undefined {
  const [code] = Array.isArray(codes) ? codes : [];
  return Number.isSafeInteger(code) && code > 0 ? `AADSTS${code}` : undefined;
}

/** What Entra puts at the end of its words, a line each, or in one line where the words are a URL's parameter. */
function described(description: string | null, label: string): string | undefined {
  const value = description?.match(new RegExp(`${label}: ([\\w-]+(?: [\\d:]+Z)?)`))?.[1];
  return value === undefined ? undefined : plainText(value, 64);
}

/** Text that isn't a claims request would make the next sign-in impossible. On one line, it fits into a command. */
function claimsText(value: unknown): string | undefined {
  const claims = typeof value === "string" ? parseClaimsRequest(value) : null;
  return claims === null ? undefined : JSON.stringify(claims);
}
