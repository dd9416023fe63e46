/** What JSON leaves as it is in a string, and a terminal obeys: DEL, C1, and the marks that reorder text. */
const OBEYED = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Whether `text` has a character that a terminal would obey, other than those that every form escapes. */
export function isObeyed(text: string): boolean {
  return text.search(OBEYED) !== -1;
}

/**
 * `value` as the JSON document of a command, with its line end. Characters that a terminal would obey are escaped: the
 * document says the same and is harmless on a screen.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(OBEYED, escaped) + "\n";
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
