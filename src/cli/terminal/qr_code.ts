import encodeQR from "qr";

export interface QrCodeOptions {
  /** Whether to set colours. Without them a bright terminal shows the code inverted. */
  readonly colors: boolean;
}

/** Black on white, whatever the colours of the terminal are. */
const [BLACK_ON_WHITE, PLAIN] = ["\x1b[30;107m", "\x1b[0m"];

/** Draws the QR code (ISO/IEC 18004) of `text`, two of its rows in each line. */
export function drawQrCode(text: string, { colors }: QrCodeOptions): string[] {
  const rows = encodeQR(text, "raw", { border: 2 });
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
