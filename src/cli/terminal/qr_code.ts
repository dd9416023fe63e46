import encodeQR from "qr";

export interface QrCodeOptions {
  /** Whether to set colors. Without them a bright terminal shows the code inverted. */
  readonly colors: boolean;
  /** The width of the terminal. A code that wraps cannot be read. */
  readonly columns: number;
}

/** Black on white, whatever the colors of the terminal are. */
const [BLACK_ON_WHITE, PLAIN] = ["\x1b[30;107m", "\x1b[0m"];

/** The width of the quiet zone in modules (ISO/IEC 18004, section 6.3.8). */
const QUIET_ZONE = 4;

/** Draws the QR code (ISO/IEC 18004) of `text`, two of its rows in each line; a sentence if it does not fit. */
export function drawQrCode(text: string, { colors, columns }: QrCodeOptions): string[] {
  const rows = encodeQR(text, "raw", { border: QUIET_ZONE });
  if (rows.length > columns) return [`The QR code needs a terminal of ${rows.length} columns.`];
  const lines: string[] = [];
  for (let top = 0; top < rows.length; top += 2) {
    // The row after the last one belongs to the border.
    const [upper = [], lower = upper.map(() => false)] = [rows[top], rows[top + 1]];
    const line = upper.map((isDark, column) => half(isDark === colors, (lower[column] ?? false) === colors));
    lines.push(colors ? `${BLACK_ON_WHITE}${line.join("")}${PLAIN}` : line.join(""));
  }
  return lines;
}

/** Returns the block character with these halves filled. */
function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
