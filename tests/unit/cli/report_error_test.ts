import { assertEquals } from "@std/assert";
import { type ErrorStyle, reportError } from "../../../src/cli/report_error.ts";
import { hintText } from "../../../src/cli/terminal/hint_text.ts";
import { CliError, type CliErrorOptions, type ErrorCode, EXIT_CODES } from "../../../src/errors.ts";
import { MemoryTerminal } from "../../support/fixtures/command_fixture.ts";

const PLAIN: ErrorStyle = { asJson: false, verbose: false, isCalled: false };

function report(
  error: unknown,
  style: Partial<ErrorStyle> = {},
): { said: string[]; exitCode: number; data: string } {
  const terminal = new MemoryTerminal();
  const exitCode = reportError(error, terminal, { ...PLAIN, ...style });
  return { said: terminal.said, exitCode, data: terminal.data };
}

function cliError(options: CliErrorOptions = {}): CliError {
  return new CliError("port_in_use", "Port 8080 is already in use", options);
}

Deno.test("reportError() prints what happened, then what to do next", () => {
  assertEquals(report(cliError({ hint: "Use another port:\nentra-auth-cli get-token --port 8081" })).said, [
    "error: Port 8080 is already in use",
    "Hint: Use another port:\n      entra-auth-cli get-token --port 8081",
  ]);
  assertEquals(report(cliError()).said, ["error: Port 8080 is already in use"]);
});

Deno.test("reportError() names the program if another one called it, and does not call an interruption an error", () => {
  assertEquals(report(cliError(), { isCalled: true }).said, [
    "entra-auth-cli: error: Port 8080 is already in use",
  ]);
  const interrupted = new CliError("interrupted", "Interrupted");
  assertEquals(report(interrupted).said, ["Interrupted"]);
  assertEquals(report(interrupted, { isCalled: true }).said, ["entra-auth-cli: error: Interrupted"]);
});

Deno.test("reportError() prints three lines of a hint, all with --verbose, and all in JSON", () => {
  const hint = "entra-auth-cli get-token\none\ntwo\nthree\nfour";
  const shown = "Hint: entra-auth-cli get-token\n      one\n      two";
  assertEquals(report(cliError({ hint })).said[1], `${shown} (more with --verbose)`);
  assertEquals(report(cliError({ hint }), { verbose: true }).said[1], `${shown}\n      three\n      four`);
  const [line = ""] = report(cliError({ hint }), { asJson: true }).said;
  assertEquals(JSON.parse(line).error.hint, hint);
  assertEquals(hintText("one\ntwo\nthree"), "Hint: one\n      two\n      three");
  assertEquals(hintText("1\n2\n3\n4"), "Hint: 1\n      2\n      3 (more with --verbose)");
  assertEquals(
    hintText("az login --tenant t\naz ad app list\nor\nby hand"),
    "Hint: az ad app list\n      or\n      by hand (more with --verbose)",
    "az asks for its sign-in by itself",
  );
});

Deno.test("reportError() prints number and correlation ID next to the message, before the hint", () => {
  assertEquals(report(cliError({ aadsts: "AADSTS1", correlationId: "c-1", hint: "h" })).said, [
    "error: Port 8080 is already in use (AADSTS1, correlation ID c-1)",
    "Hint: h",
  ]);
  assertEquals(report(cliError({ aadsts: "AADSTS1" })).said, [
    "error: Port 8080 is already in use (AADSTS1)",
  ]);
  assertEquals(report(cliError({ correlationId: "c-1" })).said, [
    "error: Port 8080 is already in use (correlation ID c-1)",
  ]);
});

Deno.test("reportError() shows the authority's words with --verbose, and if they name what message and hint do not", () => {
  const linesFor = (description: string, verbose = false) =>
    report(cliError({ description, hint: "Check contoso.com" }), { asJson: false, verbose }).said.slice(
      1,
      -1,
    );
  const plain = "AADSTS1: The account is not known.";
  assertEquals(linesFor(plain), []);
  assertEquals(linesFor(plain, true), [`Details: ${plain}`]);
  const naming = [
    "User account 'ann' is unknown.",
    'The "My API" is unknown.',
    "No principal named api://x in the tenant.",
    "Client app 33333333-3333-4333-8333-333333333333 is unknown.",
    "User ann@fabrikam.com is unknown.",
    "Issued on 2026-01-01T00:00:00.0000000Z.",
  ];
  for (const words of naming) assertEquals(linesFor(words), [`Details: ${words}`]);
  const nothingNew = [
    "The tenant 'contoso.com' is unknown.",
    "User account '{EUII Hidden}' is unknown.",
    "The body must contain 'client_assertion' or 'client_secret'.",
    "See https://aka.ms/NewClientSecret.",
  ];
  for (const words of nothingNew) assertEquals(linesFor(words), []);
  const repeated = report(new CliError("usage", "Sign-in failed: 'x'", { description: "'x'" }), {
    asJson: false,
    verbose: true,
  });
  assertEquals(repeated.said, ["error: Sign-in failed: 'x'"]);
});

Deno.test("reportError() prints one JSON document with exactly the documented keys", () => {
  const { said, data } = report(
    cliError({ hint: "h", aadsts: "AADSTS1", correlationId: "c-1", description: "d", claims: "{}" }),
    {
      asJson: true,
      verbose: true,
    },
  );
  assertEquals(said.length, 1);
  assertEquals(JSON.parse(said[0] ?? ""), {
    error: {
      code: "port_in_use",
      message: "Port 8080 is already in use",
      hint: "h",
      aadsts: "AADSTS1",
      correlation_id: "c-1",
      description: "d",
    },
  });
  assertEquals(data, "");
});

Deno.test("reportError() prints null for unknown values", () => {
  const [line = ""] = report(cliError(), { asJson: true, verbose: false }).said;
  assertEquals(JSON.parse(line), {
    error: {
      code: "port_in_use",
      message: "Port 8080 is already in use",
      hint: null,
      aadsts: null,
      correlation_id: null,
    },
  });
});

Deno.test("reportError() returns the exit code of every error code", () => {
  for (const [code, exitCode] of Object.entries(EXIT_CODES)) {
    assertEquals(report(new CliError(code as ErrorCode, "m")).exitCode, exitCode);
  }
});

Deno.test("reportError() shows only the type of an unexpected error", () => {
  for (const verbose of [false, true]) {
    for (const asJson of [false, true]) {
      const { said, exitCode } = report(new TypeError("s3cret-canary"), { asJson, verbose });
      assertEquals(said.join("\n").includes("canary"), false);
      assertEquals(said.join("\n").includes("TypeError"), true);
      assertEquals(exitCode, 1);
    }
  }
  assertEquals(report("s3cret-canary").said[0], "error: Unexpected error (string)");
});

Deno.test("reportError() explains why Deno cannot load a package: a wrong clock, or no connection", () => {
  const notLoaded = (text: string) => Object.assign(new TypeError(text), { code: "ERR_MODULE_NOT_FOUND" });
  const unpublished = notLoaded(
    "Could not find npm package 'a' matching '1.0.0'.\n\nA newer matching version was found, but it was not used " +
      "because it was newer than the specified minimum dependency date of 1969-12-31 00:00:20 UTC.",
  );
  assertEquals(report(unpublished).said, [
    "error: A package of this program is newer than this machine's clock",
    "Hint: Check the date and time of this machine.",
  ]);
  const unreachable = notLoaded('Failed loading https://packages.example/a for package "a"');
  assertEquals([report(unreachable).said[0], report(unreachable).exitCode], [
    "error: Deno could not load a package of this program",
    4,
  ]);
  assertEquals(report(notLoaded("Module not found")).said[0], "error: Unexpected error (TypeError)");
  assertEquals(report(new TypeError(unpublished.message)).said[0], "error: Unexpected error (TypeError)");
});

Deno.test("reportError() shows the stack of an unexpected error with --verbose", () => {
  const fault = new TypeError("s3cret-canary\n    at canary");
  fault.stack = `TypeError: s3cret\n    at first (a.ts:1:1)\n    at second (b.ts:2:2)`;
  const verbose = report(fault, { asJson: false, verbose: true }).said;
  assertEquals(verbose.slice(-2), ["    at first (a.ts:1:1)", "    at second (b.ts:2:2)"]);
  assertEquals(report(fault).said.some((line) => line.includes("a.ts")), false);
});

Deno.test("reportError() shows the cause of a known error with --verbose only, without control characters", () => {
  const error = cliError({ cause: new RangeError("beneath\u001b[2J") });
  assertEquals(report(error).said, ["error: Port 8080 is already in use"]);
  assertEquals(report(error, { asJson: false, verbose: true }).said.at(-1), "Cause: RangeError: beneath [2J");
});

Deno.test("reportError() keeps the text of a CI log command in JSON, but escaped", () => {
  const error = cliError({ hint: "##[error]h" });
  const [line = ""] = report(error, { asJson: true, verbose: false }).said;
  assertEquals(line.includes("##["), false, line);
  assertEquals(JSON.parse(line).error.hint, "##[error]h");
});

Deno.test("reportError() removes control characters from every part", () => {
  const evil = "a\x1b[2Jb\u009b31m\u202ec\rd";
  const error = new CliError("usage", `m ${evil}`, {
    hint: `h ${evil}\nsecond ${evil}`,
    correlationId: evil,
    description: `d ${evil}`,
    cause: new Error(evil),
  });
  const { said } = report(error, { asJson: false, verbose: true });
  const plain = "a [2Jb 31m c d";
  assertEquals(said, [
    `error: m ${plain} (correlation ID ${plain})`,
    `Details: d ${plain}`,
    `Hint: h ${plain}\n      second ${plain}`,
    `Cause: Error: ${plain}`,
  ]);
  const json = report(error, { asJson: true, verbose: false }).said.join();
  assertEquals(/[^\x20-\x7e]/.test(json), false, json);
});
