/** Narrower than this a column says nothing any more. */
const NARROWEST = 6;

/**
 * Shortens the cells of a table until its columns are at most `width` characters wide together. What is cut off ends
 * with an ellipsis. A column is never made narrower than six characters, so that a table of many columns can still be
 * too wide.
 *
 * @param rows All of the same length, the header among them.
 * @param order Which columns are shortened: those of the first group, the widest first, then those of the next. By
 *   default all are one group.
 */
export function fitCells(
  rows: readonly (readonly string[])[],
  width: number,
  order: readonly (readonly number[])[] = [(rows[0] ?? []).map((_, column) => column)],
): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => length(row[column] ?? "")))
  );
  for (const group of order) {
    while (sum(widths) > width) {
      const [widest = 0] = group.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
      const current = widths[widest] ?? 0;
      if (current <= NARROWEST) break;
      widths[widest] = current - 1;
    }
  }
  return rows.map((row) => row.map((cell, column) => shorten(cell, widths[column] ?? NARROWEST)));
}

function shorten(cell: string, width: number): string {
  return length(cell) <= width ? cell : [...cell].slice(0, width - 1).join("") + "…";
}

/** In characters as people count them, near enough: names of users and scopes have no wide ones. */
function length(text: string): number {
  return [...text].length;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
