import { assertEquals } from "@std/assert";
import { openInteractiveSession } from "../../../../src/cli/terminal/open_interactive_session.ts";
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
  const { drawQrCode } = await import("../../../../src/cli/terminal/qr_code.ts");
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
