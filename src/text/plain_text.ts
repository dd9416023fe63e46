/**
 * Characters that a terminal or a log interprets or does not show: controls (C0, C1, DEL), line and paragraph separators,
 * and everything invisible: bidirectional marks, zero-width characters, interlinear annotations, variation selectors and
 * tags (U+E0000). They could forge a line, move the cursor, reorder, hide or smuggle text.
 */
const unsafe = once(() => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]+/gu);

/** Those of {@linkcode unsafe} that JSON and YAML leave as they are. */
const unsafeInDocument = once(() => /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu);

/** Makes a regular expression when it is first used, not at every start: V8 then looks up the characters of \p{…}. */
function once(make: () => RegExp): () => RegExp {
  let made: RegExp | undefined;
  return () => made ??= make();
}

/** Commands that CI systems obey anywhere in a line: `##vso[` and `##[` (Azure Pipelines, GitHub), `##teamcity[`. */
const COMMAND_IN_LINE = /##(?=[\w.-]*\[)/g;

/** A command of GitHub Actions: `::` at the beginning of a line, which may be indented. */
const COMMAND_AT_START = /^([^\S\r\n\u2028\u2029]*):(?=:)/gm;

/** Breaks what a CI system would obey as a command if it found `text`, of one or more lines, in its log. */
export function breakLogCommands(text: string): string {
  return text.replace(COMMAND_IN_LINE, "# #").replace(COMMAND_AT_START, "$1: ");
}

/** Reports whether a log or a terminal would interpret something in a YAML document. */
export function isUnsafeDocument(yaml: string): boolean {
  return [unsafeInDocument(), COMMAND_IN_LINE, COMMAND_AT_START].some((pattern) =>
    yaml.search(pattern) !== -1
  );
}

/**
 * Escapes in a JSON document what a log or a terminal would interpret. The document keeps its meaning: `##` and the
 * characters occur only in strings, and no line of it begins with `::`.
 */
export function escapeJson(json: string): string {
  return json.replace(unsafeInDocument(), (character) => character.split("").map(escapeUnit).join(""))
    .replace(COMMAND_IN_LINE, `#${escapeUnit("#")}`);
}

/** @param unit One UTF-16 code unit. */
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Returns text from outside as one line without control and invisible characters, cut at `maxLength` characters. */
export function plainText(text: string, maxLength = 500): string {
  const oneLine = text.replace(unsafe(), " ").trim();
  return oneLine.length > maxLength ? oneLine.slice(0, maxLength - 1) + "…" : oneLine;
}

/** Returns text from outside without what a terminal interprets, except for the ends of its lines and tabs. */
export function plainLines(text: string): string {
  return text.replace(unsafe(), (characters) => characters.replace(/[^\n\t]+/g, " "));
}

/** Characters of tokens and codes, in a length that no ID or name has. */
const TOKEN = /[\w.~+=-]{72,}/g;

/** Replaces what may be a token or a code by stars: a server may quote what it received. */
export function withoutTokens(words: string): string {
  return words.replace(TOKEN, "***");
}

/** Values in the words of an authority: what is quoted, addresses, IDs, user names and times. */
const VALUES =
  /'([^']+)'|"([^"]+)"|\b([a-z][a-z\d+.-]*:\/\/[^\s'",;)\]]+|[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d{4}-\d\d-\d\d[T ][\d:.]+Z?)/gi;

/** What is quoted or linked without naming anything of the user's: parameters, what Entra hides, and its documentation. */
const NO_VALUE =
  /^(client_(assertion|secret)|\{EUII Hidden\}|https:\/\/(aka\.ms|[\w.]+\.microsoft\.com)\/.*)$/i;

/** Reports whether `words` name a value that `shown` does not. */
export function namesMore(words: string, shown: string): boolean {
  const known = shown.toLowerCase();
  return [...words.matchAll(VALUES)].some(([, single, double, bare]) => {
    const value = (single ?? double ?? bare ?? "").replace(/\.$/, "");
    return value !== "" && !NO_VALUE.test(value) && !known.includes(value.toLowerCase());
  });
}
