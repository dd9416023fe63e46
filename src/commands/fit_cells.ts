/** Narrower than this a column says nothing any more. */
const NARROWEST = 8;

/**
 * Shortens the cells of a table until its columns are at most `width` characters wide together, taking from the widest
 * column first. What is cut off ends with an ellipsis. A column is never made narrower than eight characters, so that a
 * table of many columns can still be too wide.
 *
 * @param rows All of the same length, the header among them.
 */
export function fitCells(rows: readonly (readonly string[])[], width: number): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => length(row[column] ?? "")))
  );
  for (let total = sum(widths); total > width; total--) {
    const widest = widths.indexOf(Math.max(...widths));
    const current = widths[widest] ?? 0;
    if (current <= NARROWEST) break;
    widths[widest] = current - 1;
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
