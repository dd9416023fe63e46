/**
 * Control characters (C0, C1, DEL), line and paragraph separators, and the marks that reorder text. Shown raw, they
 * could forge a line, move the cursor or hide what is really there.
 */
// deno-lint-ignore no-control-regex -- these are exactly the characters to take out
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/**
 * Text from outside (the network, a token, a file) made fit for a terminal: on one line, without control characters,
 * cut at `maxLength` characters.
 */
export function plainText(text: string, maxLength = 500): string {
  const oneLine = text.replace(UNSAFE, " ").trim();
  return oneLine.length > maxLength ? oneLine.slice(0, maxLength - 1) + "…" : oneLine;
}

/** Longer than any id or name, and made of nothing but what tokens and codes are made of. */
const TOKEN = /[\w.~+=-]{72,}/g;

/** Words from outside with stars in the place of what may be a token or a code: a server may quote what it was sent. */
export function withoutTokens(words: string): string {
  return words.replace(TOKEN, "***");
}
