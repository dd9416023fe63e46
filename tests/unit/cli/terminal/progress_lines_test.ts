import { assertEquals } from "@std/assert";
import { progressPrinter } from "../../../../src/cli/terminal/progress_lines.ts";
import { CliError } from "../../../../src/errors.ts";
import type { ProgressEvent } from "../../../../src/flows/progress.ts";
import { MemoryTerminal } from "../../../support/fixtures/command_fixture.ts";
import { CODE } from "../../../support/fixtures/device_code_fixture.ts";

function said(event: ProgressEvent, quiet = false, stdoutIsTerminal = true): string[] {
  const terminal = new MemoryTerminal();
  terminal.stdoutIsTerminal = stdoutIsTerminal;
  progressPrinter(terminal, quiet)(event);
  return terminal.said;
}

Deno.test("progressPrinter() prints the lines of the specification word for word, and --quiet drops them", () => {
  const table: [ProgressEvent, string][] = [
    [{ kind: "opening-browser" }, "Opening browser for authentication..."],
    [{ kind: "browser-opened" }, "✓ Browser opened"],
    [{ kind: "waiting-for-sign-in" }, "⏳ Waiting for sign-in..."],
    [{ kind: "signed-in" }, "✓ Authentication successful!"],
    [{ kind: "using-cached-token" }, "✓ Using cached token"],
    [{ kind: "refreshing", expired: true }, "⟳ Refreshing expired token..."],
    [{ kind: "refreshing", expired: false }, "⟳ Refreshing token..."],
    [{ kind: "refreshed" }, "✓ Token refreshed"],
    [
      { kind: "waiting-for-process", pid: 1234, profile: "default" },
      "⏳ Waiting for process 1234, which is signing in to profile 'default'...",
    ],
    [
      { kind: "waiting-for-process", pid: null, profile: "default" },
      "⏳ Waiting for another process, which is signing in to profile 'default'...",
    ],
    [
      { kind: "waiting-for-refresh", profile: "default" },
      "⏳ Waiting for another process, which is refreshing profile 'default'...",
    ],
    [
      {
        kind: "sign-in-needed",
        error: new CliError("interaction_required", "Because\u001b[2J", { aadsts: "AADSTS50076" }),
      },
      "Signing in again: Because [2J (AADSTS50076)",
    ],
    [
      { kind: "sign-in-needed", error: new CliError("interaction_required", "Because") },
      "Signing in again: Because",
    ],
  ];
  for (const [event, line] of table) {
    assertEquals(said(event), [line]);
    assertEquals(said(event, true), []);
  }
  assertEquals(said({ kind: "using-cached-token" }, false, false), []);
});

Deno.test("progressPrinter() adds the authority's words to the reason for a sign-in if they name something more", () => {
  const lines = (description: string) =>
    said({
      kind: "sign-in-needed",
      error: new CliError("interaction_required", "A policy requires 'compliance'", { description }),
    });
  const reason = "Signing in again: A policy requires 'compliance'";
  assertEquals(lines("AADSTS53000: Device 'ada-laptop'\u001b[2J is not compliant."), [
    reason,
    "Details: AADSTS53000: Device 'ada-laptop' [2J is not compliant.",
  ]);
  assertEquals(lines("AADSTS53000: 'compliance' is missing."), [reason]);
});

Deno.test("progressPrinter() shows a countdown until the next event, except a browser that fails late", () => {
  const terminal = new MemoryTerminal();
  const progress = progressPrinter(terminal, false);
  progress({ kind: "waiting-for-sign-in", untilMs: 5000 });
  progress({ kind: "browser-failed", reason: "it ended", hint: null, url: "https://login.example" });
  progress({ kind: "signed-in" });
  progress({ kind: "waiting-for-process", pid: 1, profile: "default" });
  assertEquals(terminal.waits, ["over", 5000, "over", "over", null]);

  const quiet = new MemoryTerminal();
  progressPrinter(quiet, true)({ kind: "waiting-for-sign-in", untilMs: 5000 });
  assertEquals(quiet.waits, ["over"]);
});

Deno.test("progressPrinter() prints what the user needs and warnings even with --quiet", () => {
  const error = new CliError("store", "disk full", { hint: "Make room." });
  const events: ProgressEvent[] = [
    { kind: "url-to-open", url: "https://login.example/?a=b&c=d" },
    {
      kind: "browser-failed",
      reason: "xdg-open was not found",
      hint: "Install it.",
      url: "https://login.example/",
    },
    { kind: "refresh-failed", error },
    { kind: "scopes-missing", scopes: ["Mail.Read"] },
    { kind: "not-saved", error },
  ];
  for (const event of events) {
    assertEquals(said(event).length > 0, true, event.kind);
    assertEquals(said(event, true), said(event), event.kind);
  }
});

Deno.test("progressPrinter() prints the device code lines of the specification, and what the code is for", () => {
  const event: ProgressEvent = { kind: "device-code", code: CODE, scopes: ["User.Read", "Mail.Read"] };
  for (const quiet of [false, true]) {
    assertEquals(said(event, quiet), [
      "To sign in, use a web browser to open:",
      "  https://microsoft.com/devicelogin",
      "And enter code: ABCD-EFGH",
      "Enter this code only if you started this sign-in: it signs in the program that requested it.",
      "It is for application the-client in tenant the-tenant: User.Read Mail.Read",
    ]);
  }
  const noDisplay = "No display detected. Falling back to device code flow.";
  assertEquals([said({ kind: "no-display" }), said({ kind: "no-display" }, true)], [[noDisplay], []]);
});

Deno.test("progressPrinter() prints the alternatives to the device code, and pasting if it is possible", () => {
  const ways = {
    kind: "other-ways",
    url: "https://login.example/",
    forwardCommand: "ssh -L 1:localhost:1 a@b",
  } as const;
  const lines = [
    "To use the browser on your own computer, run this command there:",
    "  ssh -L 1:localhost:1 a@b",
    "and open this URL:",
    "  https://login.example/",
  ];
  assertEquals(said({ ...ways, canPaste: false }, true), lines);
  const withPaste = said({ ...ways, canPaste: true });
  assertEquals(withPaste.slice(0, 4), lines);
  assertEquals(
    withPaste.slice(4).join(" ").includes("paste it here (the input is hidden) and press Enter"),
    true,
  );
  const error = new CliError("sign_in_failed", "Not \x1b[2Jallowed");
  assertEquals(said({ kind: "device-code-closed", error }, true), [
    "Cannot use a device code: Not  [2Jallowed",
    "The other ways to sign in are still available.",
  ]);
});

Deno.test("progressPrinter() prints the whole URL on its own line", () => {
  const url = `https://login.example/?${"x".repeat(1500)}`;
  assertEquals(said({ kind: "url-to-open", url }).at(-1)?.trim(), url);
  const lines = said({ kind: "browser-failed", reason: "r", hint: null, url });
  assertEquals(lines.some((line) => line.trim() === url), true);
});

Deno.test("progressPrinter() prints the alternatives if no browser opens", () => {
  const lines = said({
    kind: "browser-failed",
    reason: "xdg-open was not found",
    hint: "Install it.",
    url: "u",
  });
  assertEquals(lines[0], "Could not open a browser: xdg-open was not found");
  assertEquals(lines[1], "Hint: Install it.");
  for (const way of ["BROWSER=firefox", "--show-url", "--flow device-code"]) {
    assertEquals(lines.some((line) => line.includes(way)), true, way);
  }
});

Deno.test("progressPrinter() removes control characters from scopes", () => {
  const [line = ""] = said({ kind: "scopes-missing", scopes: ["a\u001b[2J\nHint: evil"] });
  // deno-lint-ignore no-control-regex -- what must not be there
  assertEquals(/[\u0000-\u001f]/.test(line), false);
});
