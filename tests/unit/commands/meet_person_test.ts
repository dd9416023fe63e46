import { assert, assertEquals } from "@std/assert";
import { formatTimeLeft, startCountdown } from "../../../src/commands/countdown.ts";
import { meetPerson } from "../../../src/commands/meet_person.ts";
import { sayProgress } from "../../../src/commands/progress_lines.ts";
import type { DeviceCode } from "../../../src/entra/token_client.ts";
import type { Person } from "../../../src/flows/person.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { MemoryTerminal, NOW_MS } from "./command_fixture.ts";

const CODE: DeviceCode = {
  userCode: "ABCD-EFGH",
  verificationUri: "https://microsoft.com/devicelogin",
  verificationUriComplete: null,
  expiresInSeconds: 900,
  clientId: "client",
  tenant: "tenant",
};
const WAITING = { kind: "waiting-for-sign-in", untilMs: NOW_MS + 2_000 } as const;

/** A terminal that a person looks at, where what is said and what is drawn comes in one order. */
class LiveTerminal extends MemoryTerminal {
  override stderrIsTerminal = true;
  override stdinIsTerminal = true;
  override shown = this.said;
}

async function meet(
  terminal: MemoryTerminal,
  { variables = {}, isQuiet = false, withQrCode = false }: {
    variables?: Record<string, string>;
    isQuiet?: boolean;
    withQrCode?: boolean;
  } = {},
): Promise<Person> {
  const env = { get: (name: string) => variables[name] };
  const clock = new FakeClock(NOW_MS);
  return await meetPerson({ terminal, clock, env }, {
    progress: sayProgress(terminal, isQuiet),
    isQuiet,
    withQrCode,
  });
}

/** Lets the countdown, whose clock is driven by its own waits, run to its end. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("formatTimeLeft() gives minutes and seconds, and nothing below zero", () => {
  const cases: [number, string][] = [[300_000, "5:00"], [299_001, "5:00"], [65_000, "1:05"], [1, "0:01"], [
    -5,
    "0:00",
  ]];
  for (const [ms, text] of cases) assertEquals(formatTimeLeft(ms), text);
});

Deno.test("startCountdown() draws the line every second until the time is over, and takes it away", async () => {
  const shown: string[] = [];
  const clock = new FakeClock(NOW_MS);
  const countdown = startCountdown({ show: (text) => shown.push(text) }, clock, NOW_MS + 3_000);
  await settle();
  countdown[Symbol.dispose]();
  assertEquals(shown, ["\r0:03 left\x1b[K", "\r0:02 left\x1b[K", "\r0:01 left\x1b[K", "\r\x1b[K"]);
  assertEquals(clock.waits, [1000, 1000, 1000]);
});

Deno.test("startCountdown() draws nothing more once it is disposed of", async () => {
  const shown: string[] = [];
  const clock = new FakeClock(NOW_MS);
  const countdown = startCountdown({ show: (text) => shown.push(text) }, clock, NOW_MS + 60_000);
  countdown[Symbol.dispose]();
  await settle();
  assertEquals(shown, ["\r1:00 left\x1b[K", "\r\x1b[K"]);
});

Deno.test("meetPerson() counts down on a terminal, and takes the line away before anything else is said", async () => {
  const terminal = new LiveTerminal();
  using person = await meet(terminal);
  person.progress(WAITING);
  await settle();
  person.progress({ kind: "signed-in" });
  assertEquals(terminal.said, [
    "⏳ Waiting for sign-in...",
    "\r0:02 left\x1b[K",
    "\r0:01 left\x1b[K",
    "\r\x1b[K",
    "✓ Authentication successful!",
  ]);
});

Deno.test("meetPerson() counts nothing down with NO_COLOR, --quiet, or where stderr is no terminal", async () => {
  const elsewhere = new LiveTerminal();
  elsewhere.stderrIsTerminal = false;
  const cases = [
    [new LiveTerminal(), { variables: { NO_COLOR: "1" } }],
    [new LiveTerminal(), { isQuiet: true }],
    [elsewhere, {}],
  ] as const;
  for (const [terminal, options] of cases) {
    using person = await meet(terminal, options);
    person.progress(WAITING);
    person.progress({ kind: "waiting-for-sign-in" });
    await settle();
    assert(!terminal.said.some((text) => text.includes("left")), terminal.said.join());
  }
});

Deno.test("meetPerson() shows the code on the terminal too where stderr is none, once", async () => {
  const terminal = new MemoryTerminal();
  terminal.shown = [];
  using person = await meet(terminal);
  person.progress({ kind: "device-code", code: CODE, scopes: ["User.Read"] });
  person.progress(WAITING);
  await settle();
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

Deno.test("meetPerson() draws the complete address as a QR code where that is wanted", async () => {
  const drawn = async (code: DeviceCode) => {
    const terminal = new LiveTerminal();
    using person = await meet(terminal, { withQrCode: true, variables: { NO_COLOR: "1" } });
    person.progress({ kind: "device-code", code, scopes: [] });
    return terminal.said.filter((line) => /^[█▀▄ ]+$/.test(line)).join("\n");
  };
  const { drawQrCode } = await import("../../../src/commands/qr_code.ts");
  const complete = "https://microsoft.com/devicelogin?code=ABCD-EFGH";
  const expected = (address: string) => drawQrCode(address, { colors: false }).join("\n");
  assertEquals(await drawn(CODE), expected(CODE.verificationUri));
  assertEquals(await drawn({ ...CODE, verificationUriComplete: complete }), expected(complete));
});

Deno.test("meetPerson() asks for an address only where somebody can see the question and type", async () => {
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
