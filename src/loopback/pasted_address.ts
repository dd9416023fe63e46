import { type AuthorizationResponse, type ExpectedCallback, validateCallback } from "./validate_callback.ts";

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
