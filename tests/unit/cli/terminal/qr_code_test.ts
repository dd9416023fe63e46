import { assert, assertEquals } from "@std/assert";
import decodeQR from "qr/decode.js";
import { drawQrCode } from "../../../../src/cli/terminal/qr_code.ts";

const ADDRESS = "https://login.microsoftonline.com/common/oauth2/deviceauth?otc=ABCD-EFGH";

/** Renders the code as bright and dark pixels, four per module. */
function photograph(
  lines: readonly string[],
  inkIsDark: boolean,
): { width: number; height: number; data: Uint8Array } {
  const rows = lines.flatMap((line) => [
    [...line].map((character) => "█▀".includes(character)),
    [...line].map((character) => "█▄".includes(character)),
  ]);
  const scale = 4;
  const [width, height] = [(rows[0]?.length ?? 0) * scale, rows.length * scale];
  const data = new Uint8Array(width * height * 4).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const isInked = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false;
      if (isInked === inkIsDark) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return { width, height, data };
}

Deno.test("drawQrCode() draws a readable code, black on white if colors are allowed", () => {
  const lines = drawQrCode(ADDRESS, { colors: true, columns: 80 });
  const [start, end] = ["\x1b[30;107m", "\x1b[0m"];
  assert(lines.every((line) => line.startsWith(start) && line.endsWith(end)));
  const plain = lines.map((line) => line.slice(start.length, -end.length));
  assertEquals(decodeQR(photograph(plain, true)), ADDRESS);
  // Four modules of white on each side: two lines above and below, the last of which can be half used.
  const blank = /^ +$/;
  assert(blank.test(plain[0] ?? "") && blank.test(plain[1] ?? "") && blank.test(plain.at(-1) ?? ""));
  assert(plain.every((line) => line.startsWith("    ") && line.endsWith("    ")));
  assert(plain.some((line) => line[4] !== " "), "and no more than four");
});

Deno.test("drawQrCode() draws a code for a dark terminal without colors", () => {
  const lines = drawQrCode(ADDRESS, { colors: false, columns: 80 });
  assert(lines.every((line) => /^[█▀▄ ]+$/.test(line)));
  assert(lines.length < 30, "it fits on a screen");
  assertEquals(decodeQR(photograph(lines, false)), ADDRESS);
});

Deno.test("drawQrCode() draws nothing on a terminal that is too narrow", () => {
  assertEquals(drawQrCode(ADDRESS, { colors: true, columns: 40 }), [
    "The QR code needs a terminal of 45 columns.",
  ]);
});
