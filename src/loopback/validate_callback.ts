import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { plainText, withoutTokens } from "../text/plain_text.ts";
import { Secret } from "../text/secret.ts";

/** What identifies the callback of this sign-in. */
export interface ExpectedCallback {
  /** The `state` of the authorization request. */
  readonly state: Secret;
  /** Reports whether `iss` (RFC 9207) is the expected issuer; null if the callback has none. */
  acceptsIssuer(iss: string | null): boolean;
}

/** The authorization response (RFC 6749 section 4.1.2). */
export type AuthorizationResponse =
  | { kind: "code"; code: Secret }
  | {
    kind: "refused";
    /** The error code, such as `access_denied`. */
    error: string;
    /** The server's explanation on one line, without control characters, of at most 1000 characters; null if absent. */
    description: string | null;
    /** Entra's subdivision of `error`, such as `cancel`. */
    subcode?: string;
    /** The server's page on the error, not validated. */
    uri?: string;
  };

export type CallbackVerdict =
  | { kind: "accepted"; response: AuthorizationResponse }
  | { kind: "rejected"; fault: "wrongState" | "wrongIssuer" | "malformed" };

/** Codes of Entra have one to two thousand characters. */
const MAX_CODE_LENGTH = 16_384;
const MAX_ERROR_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 1000;

/** VSCHAR and NQSCHAR (RFC 6749 appendix A). */
const CODE = /^[\x20-\x7e]+$/;
const ERROR = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Validates the parameters of a callback: `encoded` is a query without its `?`, or the body of a form.
 *
 * `state` must occur once and match before any other parameter is considered, `error` included (RFC 8252 section 8.9):
 * otherwise any page in the browser could end the sign-in. Then no parameter may occur twice (RFC 6749 section 3.1), the
 * issuer must match (RFC 9207 section 2.4), and there must be either a code or an error.
 */
export function validateCallback(encoded: string, expected: ExpectedCallback): CallbackVerdict {
  const parameters = parseParameters(encoded);
  if (parameters === null) return { kind: "rejected", fault: "malformed" };
  const [state, ...moreStates] = parameters.get("state") ?? [];
  if (state === undefined || moreStates.length > 0 || !isSame(state, expected.state.reveal())) {
    return { kind: "rejected", fault: "wrongState" };
  }
  if ([...parameters.values()].some((values) => values.length > 1)) {
    return { kind: "rejected", fault: "malformed" };
  }
  const value = (name: string) => parameters.get(name)?.[0] ?? null;
  if (!expected.acceptsIssuer(value("iss"))) return { kind: "rejected", fault: "wrongIssuer" };
  const response = validateResponse(value);
  return response === null ? { kind: "rejected", fault: "malformed" } : { kind: "accepted", response };
}

function validateResponse(value: (name: string) => string | null): AuthorizationResponse | null {
  const [code, error] = [value("code"), value("error")];
  if (code !== null && error === null) {
    return code.length <= MAX_CODE_LENGTH && CODE.test(code)
      ? { kind: "code", code: new Secret(code) }
      : null;
  }
  if (error !== null && code === null) {
    if (error.length > MAX_ERROR_LENGTH || !ERROR.test(error)) return null;
    const subcode = plainText(withoutTokens(value("error_subcode") ?? ""), MAX_ERROR_LENGTH);
    const uri = value("error_uri");
    return {
      kind: "refused",
      error,
      description: plainText(withoutTokens(value("error_description") ?? ""), MAX_DESCRIPTION_LENGTH) || null,
      ...(subcode !== "" && { subcode }),
      ...(uri !== null && { uri }),
    };
  }
  return null;
}

/**
 * Returns all values of each parameter of `application/x-www-form-urlencoded` text, or null if an escape is malformed or
 * not UTF-8. `URLSearchParams` would replace such text instead.
 */
function parseParameters(encoded: string): Map<string, string[]> | null {
  const parameters = new Map<string, string[]>();
  for (const pair of encoded.split("&")) {
    if (pair === "") continue;
    const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    const decodedName = decode(name);
    const decodedValue = decode(value);
    if (decodedName === null || decodedValue === null) return null;
    parameters.set(decodedName, [...parameters.get(decodedName) ?? [], decodedValue]);
  }
  return parameters;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

/** Compares in constant time. */
function isSame(given: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(given), encoder.encode(expected)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** The response in a pasted address, or why there is none, as a sentence without its full stop. */
export type PastedVerdict =
  | { readonly kind: "accepted"; readonly response: AuthorizationResponse }
  | { readonly kind: "rejected"; readonly reason: string };

/**
 * Validates an address that the user pasted, from a browser that was redirected but could not reach this machine. It must
 * be the redirect URI with the query of a callback.
 *
 * @param redirectUri `http://localhost:PORT`.
 */
export function validatePastedAddress(
  text: string,
  redirectUri: string,
  expected: ExpectedCallback,
): PastedVerdict {
  const typed = text.trim();
  // Some browsers do not show the scheme.
  const address = /^https?:/i.test(typed) ? typed : `http://${typed}`;
  const [, origin, query] = /^([^?#\s]+)\?([^#\s]*)(?:#\S*)?$/.exec(address) ?? [];
  if (origin === undefined || query === undefined || !isOurs(origin, redirectUri)) {
    return rejected(`Invalid address: expected one that begins with ${redirectUri}/?`);
  }
  const verdict = validateCallback(query, expected);
  if (verdict.kind === "accepted") return verdict;
  return rejected(FAULTS[verdict.fault]);
}

const FAULTS = {
  wrongState: "Invalid address: it belongs to another sign-in",
  wrongIssuer: "Invalid address: it names another issuer",
  malformed: "Invalid address: it is incomplete",
};

function isOurs(origin: string, redirectUri: string): boolean {
  const url = URL.parse(origin);
  return url !== null && url.origin === new URL(redirectUri).origin && url.pathname === "/" &&
    url.username === "" && url.password === "";
}

function rejected(reason: string): PastedVerdict {
  return { kind: "rejected", reason };
}
