import { parseClaimsRequest } from "../../identity/claims.ts";
import { isJsonObject, type JsonObject } from "../../text/json.ts";
import { plainText, withoutTokens } from "../../text/plain_text.ts";

/** An error that the authority reports in a response or in the redirect. */
export interface ReportedError {
  /** The `error` of RFC 6749, such as `invalid_grant`. */
  readonly error: string;
  readonly description: string | null;
  /** Entra's error code, such as `AADSTS50011`, or B2C's, such as `AADB2C90118`. */
  readonly aadsts?: string | undefined;
  /** Entra's subdivision of `error`, such as `message_only`. */
  readonly suberror?: string | undefined;
  /** Identifies the request to Microsoft support. */
  readonly correlationId?: string | undefined;
  /** The time of the error, as the authority wrote it. */
  readonly timestamp?: string | undefined;
  /** A claims request that the next sign-in must carry, as JSON text. */
  readonly claims?: string | undefined;
  /** The authority's page on the error (RFC 6749 section 5.2). */
  readonly uri?: string | undefined;
}

/** Reads the error fields of a response. Returns null if it reports no error. */
export function parseReportedError(body: JsonObject): ReportedError | null {
  const error = text(body.error);
  if (error === undefined) return null;
  const description = text(body.error_description) ?? null;
  return {
    error,
    description,
    aadsts: findNumber(description) ?? firstNumber(body.error_codes),
    suberror: text(body.suberror) ?? text(body.error_subcode),
    correlationId: shortText(body.correlation_id) ?? labelled(description, "Correlation ID"),
    timestamp: shortText(body.timestamp) ?? labelled(description, "Timestamp"),
    claims: claimsText(body.claims),
    uri: pageAddress(body.error_uri),
  };
}

/** Reports whether the service failed temporarily (RFC 6749 section 4.1.2.1). */
export function isTransient({ error, aadsts }: ReportedError): boolean {
  if (error === "temporarily_unavailable") return true;
  // B2C reports mistakes of users and of its configuration in this way.
  return error === "server_error" && !aadsts?.startsWith("AADB2C");
}

/** Error codes of Entra that say that a refresh token is expired or revoked. */
const DEAD_TOKEN = ["70000", "70008", "70043", "50089", "50132", "50133", "50173", "700082", "700084"]
  .map((number) => `AADSTS${number}`);

/**
 * Reports whether a refresh token is invalid for good. Entra also responds with `invalid_grant` if a request needs the
 * user for its scopes or claims alone; other requests can use the token then.
 */
export function isDeadRefreshToken({ error, suberror, aadsts, claims }: ReportedError): boolean {
  if (error !== "invalid_grant" || claims !== undefined) return false;
  if (suberror !== undefined) return suberror === "bad_token" || suberror === "token_expired";
  return aadsts === undefined || DEAD_TOKEN.includes(aadsts);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? withoutTokens(value) : undefined;
}

/** IDs and times are short. */
function shortText(value: unknown): string | undefined {
  return typeof value === "string" ? plainText(value, 64) : undefined;
}

/** A description starts with its own error code, and may quote others later. */
function findNumber(description: string | null): string | undefined {
  return description?.match(/AADSTS\d+|AADB2C\d+/)?.[0];
}

function firstNumber(codes: unknown): string | undefined {
  const [code] = Array.isArray(codes) ? codes : [];
  return Number.isSafeInteger(code) && code > 0 ? `AADSTS${code}` : undefined;
}

/** Entra appends labelled values to a description: one per line, or on one line in the parameter of a URL. */
function labelled(description: string | null, label: string): string | undefined {
  const value = description?.match(new RegExp(`${label}: ([\\w-]+(?: [\\d:]+Z)?)`))?.[1];
  return value === undefined ? undefined : plainText(value, 64);
}

const PAGE_ADDRESS = /^https:\/\/[\w.-]+\/[\w.~:/?#@!$&()*+,;=%-]{0,150}$/;

/** Returns an address that can be shown: https, on one line, and without anything that may be a token. */
function pageAddress(value: unknown): string | undefined {
  return typeof value === "string" && PAGE_ADDRESS.test(value) && withoutTokens(value) === value
    ? value
    : undefined;
}

/**
 * Drops what is not a claims request, because it would make the next sign-in fail. One line fits into a command. Some
 * responses have the request as an object instead of as text.
 */
function claimsText(value: unknown): string | undefined {
  const text = isJsonObject(value) ? JSON.stringify(value) : value;
  const claims = typeof text === "string" ? parseClaimsRequest(text) : null;
  return claims === null || Object.keys(claims).length === 0 ? undefined : JSON.stringify(claims);
}
