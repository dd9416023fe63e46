/**
 * `text` as one word of a command that a person copies from a message: as it is where that is safe, else in double
 * quotes, which every shell knows. What means something within those too goes into the single quotes of a POSIX shell.
 */
export function shellWord(text: string): string {
  if (/^[\w.:/@-]+$/.test(text)) return text;
  return /["$`!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}
