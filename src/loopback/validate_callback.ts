import { timingSafeEqual } from "@std/crypto/timing-safe-equal";
import { plainText, withoutTokens } from "../text/plain_text.ts";
import { Secret } from "../text/secret.ts";

/** What a callback has to carry to belong to this sign-in. */
export interface ExpectedCallback {
  /** The `state` that was sent. */
  readonly state: Secret;
  /** Judges the issuer that the callback names in `iss` (RFC 9207), null when it names none. */
  acceptsIssuer(iss: string | null): boolean;
}

/** The authorization server's answer (RFC 6749 §4.1.2): a code, or a refusal. */
export type AuthorizationResponse =
  | { kind: "code"; code: Secret }
  | {
    kind: "refused";
    /** The error code, such as `access_denied`. */
    error: string;
    /** The server's explanation on one line, without control characters, cut at 1000 characters; null if it gave none. */
    description: string | null;
  };

/** The answer, or why it is not one. */
export type CallbackVerdict =
  | { kind: "accepted"; response: AuthorizationResponse }
  | { kind: "rejected"; fault: "wrongState" | "wrongIssuer" | "malformed" };

/** Entra's codes have one to two thousand characters. */
const MAX_CODE_LENGTH = 16_384;
const MAX_ERROR_LENGTH = 200;
const MAX_DESCRIPTION_LENGTH = 1000;

/** VSCHAR and NQSCHAR of RFC 6749, appendix A. */
const CODE = /^[\x20-\x7e]+$/;
const ERROR = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

/**
 * Judges the parameters of a callback, given as they came: a query without its `?`, or a form's body.
 *
 * `state` has to be there once and match before anything else is believed, an `error` too (RFC 8252 §8.9): otherwise any
 * page in the browser could end the sign-in. After that no parameter may come twice (RFC 6749 §3.1), the issuer has to
 * fit (RFC 9207 §2.4), and there has to be either a code or an error.
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
  const response = validateResponse(value("code"), value("error"), value("error_description"));
  return response === null ? { kind: "rejected", fault: "malformed" } : { kind: "accepted", response };
}

function validateResponse(
  code: string | null,
  error: string | null,
  description: string | null,
): AuthorizationResponse | null {
  if (code !== null && error === null) {
    return code.length <= MAX_CODE_LENGTH && CODE.test(code)
      ? { kind: "code", code: new Secret(code) }
      : null;
  }
  if (error !== null && code === null) {
    if (error.length > MAX_ERROR_LENGTH || !ERROR.test(error)) return null;
    return {
      kind: "refused",
      error,
      description: plainText(withoutTokens(description ?? ""), MAX_DESCRIPTION_LENGTH) || null,
    };
  }
  return null;
}

/**
 * All values of each parameter of `application/x-www-form-urlencoded` text, or null where an escape is broken or is not
 * UTF-8. `URLSearchParams` would let such text pass, changed.
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

/** Whether the two are equal, without telling by the time it takes how far they agree. */
function isSame(given: string, expected: string): boolean {
  const encoder = new TextEncoder();
  const [left, right] = [encoder.encode(given), encoder.encode(expected)];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** The answer that a pasted address holds, or what is wrong with it, as a sentence. */
export type PastedVerdict =
  | { readonly kind: "accepted"; readonly response: AuthorizationResponse }
  | { readonly kind: "rejected"; readonly reason: string };

/**
 * Judges the address at which a browser ended that could not reach this machine, and that a person copied: it has to be
 * the redirect URI, and its query is judged as that of any callback is.
 *
 * @param redirectUri `http://localhost:PORT`.
 */
export function validatePastedAddress(
  text: string,
  redirectUri: string,
  expected: ExpectedCallback,
): PastedVerdict {
  const typed = text.trim();
  // Some browsers leave the scheme out of what they show.
  const address = /^https?:/i.test(typed) ? typed : `http://${typed}`;
  const [, origin, query] = /^([^?#\s]+)\?([^#\s]*)(?:#\S*)?$/.exec(address) ?? [];
  if (origin === undefined || query === undefined || !isOurs(origin, redirectUri)) {
    return rejected(`That is not an address that begins with ${redirectUri}/?`);
  }
  const verdict = validateCallback(query, expected);
  if (verdict.kind === "accepted") return verdict;
  return rejected(FAULTS[verdict.fault]);
}

const FAULTS = {
  wrongState: "That address is from another sign-in",
  wrongIssuer: "That address names another sign-in service",
  malformed: "That address is not complete",
};

function isOurs(origin: string, redirectUri: string): boolean {
  const url = URL.parse(origin);
  return url !== null && url.origin === new URL(redirectUri).origin && url.pathname === "/" &&
    url.username === "" && url.password === "";
}

function rejected(reason: string): PastedVerdict {
  return { kind: "rejected", reason };
}
