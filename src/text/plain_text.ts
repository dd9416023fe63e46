/**
 * Control characters (C0, C1, DEL), line and paragraph separators, and bidirectional marks. On a terminal they could forge a
 * line, move the cursor or hide text.
 */
// deno-lint-ignore no-control-regex -- the pattern matches control characters on purpose
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Returns text from outside as one line without control characters, cut at `maxLength` characters. */
export function plainText(text: string, maxLength = 500): string {
  const oneLine = text.replace(UNSAFE, " ").trim();
  return oneLine.length > maxLength ? oneLine.slice(0, maxLength - 1) + "…" : oneLine;
}

/** Characters of tokens and codes, in a length that no ID or name has. */
const TOKEN = /[\w.~+=-]{72,}/g;

/** Replaces what may be a token or a code by stars: a server may quote what it received. */
export function withoutTokens(words: string): string {
  return words.replace(TOKEN, "***");
}
