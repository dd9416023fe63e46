import encodeQR from "qr";

/** How a QR code is drawn. */
export interface QrCodeOptions {
  /** Whether colours may be used. Without them the code is right on a dark terminal, and inverted on a bright one. */
  readonly colors: boolean;
}

/** Dark on bright, whatever the terminal's own colours are. */
const [BLACK_ON_WHITE, PLAIN] = ["\x1b[30;107m", "\x1b[0m"];

/** Draws the QR code (ISO/IEC 18004) of `text`, two rows of it in one line. */
export function drawQrCode(text: string, { colors }: QrCodeOptions): string[] {
  const rows = encodeQR(text, "raw", { border: 2 });
  const lines: string[] = [];
  for (let top = 0; top < rows.length; top += 2) {
    // What there is below the last row is the border's.
    const [upper = [], lower = upper.map(() => false)] = [rows[top], rows[top + 1]];
    const line = upper.map((isDark, column) => half(isDark === colors, (lower[column] ?? false) === colors));
    lines.push(colors ? `${BLACK_ON_WHITE}${line.join("")}${PLAIN}` : line.join(""));
  }
  return lines;
}

/** The character whose upper and lower half are inked as said. */
function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}
