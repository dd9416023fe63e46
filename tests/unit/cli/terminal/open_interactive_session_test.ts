import { assert, assertEquals } from "@std/assert";
import decodeQR from "qr/decode.js";
import { drawQrCode, openInteractiveSession } from "../../../../src/cli/terminal/open_interactive_session.ts";
import { progressPrinter } from "../../../../src/cli/terminal/progress_lines.ts";
import type { DeviceCode } from "../../../../src/entra/token_client.ts";
import { CliError } from "../../../../src/errors.ts";
import type { InteractiveSession } from "../../../../src/flows/sign_in/interactive_session.ts";
import { MemoryTerminal, NOW_MS } from "../../../support/fixtures/command_fixture.ts";
import { CODE } from "../../../support/fixtures/device_code_fixture.ts";

const WAITING = { kind: "waiting-for-sign-in", untilMs: NOW_MS + 2_000 } as const;

/** A terminal that records messages and drawings in order. */
class LiveTerminal extends MemoryTerminal {
  override stderrIsTerminal = true;
  override stdinIsTerminal = true;
  override shown = this.said;
}

async function meet(
  terminal: MemoryTerminal,
  { variables = {}, ...options }: {
    variables?: Record<string, string>;
    withQrCode?: boolean;
    isQuiet?: boolean;
  } = {},
): Promise<InteractiveSession> {
  const env = { get: (name: string) => variables[name] };
  return await openInteractiveSession({ terminal, env }, {
    progress: progressPrinter(terminal, false),
    withQrCode: false,
    ...options,
  });
}

Deno.test("openInteractiveSession() removes the countdown when the sign-in ends, whatever its outcome", async () => {
  const terminal = new LiveTerminal();
  {
    using person = await meet(terminal);
    person.progress(WAITING);
    person.progress({ kind: "device-code-closed", error: new CliError("sign_in_failed", "forbidden") });
  }
  assertEquals(terminal.waits, ["over", WAITING.untilMs, "over"]);
});

Deno.test("openInteractiveSession() shows the code once on the terminal if stderr is not a terminal", async () => {
  const terminal = new MemoryTerminal();
  terminal.shown = [];
  using person = await meet(terminal);
  person.progress({ kind: "device-code", code: CODE, scopes: ["User.Read"] });
  person.progress(WAITING);
  // Output to the controlling terminal is asynchronous.
  await terminal.screen();
  assertEquals(terminal.said.at(-1), "⏳ Waiting for sign-in...");
  const [shown = "", ...more] = terminal.shown;
  assertEquals(more, []);
  assertEquals(shown.split("\n").slice(0, 3), [
    "To sign in, use a web browser to open:",
    "  https://microsoft.com/devicelogin",
    "And enter code: ABCD-EFGH",
  ]);
  assertEquals(terminal.said.slice(0, -1), shown.trimEnd().split("\n"));
});

Deno.test("openInteractiveSession() emphasizes the code on a terminal that supports it", async () => {
  const lineWith = async (variables: Record<string, string>, isQuiet = false) => {
    const terminal = new LiveTerminal();
    using person = await meet(terminal, { variables, isQuiet });
    person.progress({ kind: "device-code", code: CODE, scopes: [] });
    return terminal.said.find((line) => line.startsWith("And enter code: "));
  };
  assertEquals(await lineWith({}), "And enter code: \x1b[1mABCD-EFGH\x1b[0m");
  assertEquals(await lineWith({ NO_COLOR: "1" }), "And enter code: ABCD-EFGH");
  assertEquals(await lineWith({ TERM: "dumb" }), "And enter code: ABCD-EFGH");
  assertEquals(await lineWith({}, true), "And enter code: ABCD-EFGH");
});

Deno.test("openInteractiveSession() draws the complete verification URL as a QR code if requested", async () => {
  const drawn = async (code: DeviceCode) => {
    const terminal = new LiveTerminal();
    using person = await meet(terminal, { withQrCode: true, variables: { NO_COLOR: "1" } });
    person.progress({ kind: "device-code", code, scopes: [] });
    return terminal.said.filter((line) => /^[█▀▄ ]+$/.test(line)).join("\n");
  };
  const complete = "https://microsoft.com/devicelogin?code=ABCD-EFGH";
  const expected = (address: string) => drawQrCode(address, { colors: false, columns: 80 }).join("\n");
  assertEquals(await drawn(CODE), expected(CODE.verificationUri));
  assertEquals(await drawn({ ...CODE, verificationUriComplete: complete }), expected(complete));
});

Deno.test("openInteractiveSession() prompts for an address only if the user can see the prompt and type", async () => {
  const blind = new LiveTerminal();
  blind.screen = () => Promise.resolve(null);
  const handless = new LiveTerminal();
  handless.stdinIsTerminal = false;
  for (const terminal of [blind, handless]) assertEquals((await meet(terminal)).askForAddress, null);

  const terminal = new LiveTerminal();
  terminal.keys = ["bad\r", "good\r"];
  using person = await meet(terminal);
  const response = { kind: "refused", error: "x", description: null } as const;
  const answer = await person.askForAddress?.(
    (text) => text === "good" ? { kind: "accepted", response } : { kind: "rejected", reason: "That is bad" },
    new AbortController().signal,
  );
  assertEquals(answer, response);
  assertEquals(terminal.said, ["That is bad. Copy the whole address and paste it again."]);
});

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
