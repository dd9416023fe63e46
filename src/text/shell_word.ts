/**
 * Returns `text` as one word of a command to copy: unchanged if that is safe, otherwise in double quotes, which every shell
 * has, or in the single quotes of a POSIX shell if it contains a character that is special in double quotes.
 */
export function shellWord(text: string): string {
  if (/^[\w.:/@-]+$/.test(text)) return text;
  return /["$`!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}
