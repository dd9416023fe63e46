import { assertEquals } from "@std/assert";
import { CliError, EXIT_CODES } from "../../src/errors.ts";

Deno.test("CliError carries its code, hint and references", () => {
  const cause = new Error("underneath");
  const error = new CliError("access_denied", "Sign-in was refused", {
    hint: "Ask for access.",
    aadsts: "AADSTS65004",
    correlationId: "abc",
    claims: "{}",
    cause,
  });
  assertEquals(
    [error.name, error.code, error.message, error.hint, error.aadsts, error.correlationId, error.claims],
    ["CliError", "access_denied", "Sign-in was refused", "Ask for access.", "AADSTS65004", "abc", "{}"],
  );
  assertEquals(error.cause, cause);
});

Deno.test("CliError without details has none", () => {
  const error = new CliError("usage", "Wrong");
  assertEquals([error.hint, error.aadsts, error.correlationId, error.claims], Array(4).fill(undefined));
  assertEquals("cause" in error, false);
});

Deno.test("CliError has the exit code of its code", () => {
  assertEquals(new CliError("usage", "").exitCode, 2);
  assertEquals(new CliError("store", "").exitCode, 7);
  assertEquals(new CliError("permission", "").exitCode, 8);
  assertEquals(new CliError("interrupted", "").exitCode, 130);
});

Deno.test("No exit code of an error is 0", () => {
  for (const [code, exitCode] of Object.entries(EXIT_CODES)) assertEquals(exitCode > 0, true, code);
});

Deno.test("EXIT_CODES is the table that the README and scripts rely on", () => {
  assertEquals(EXIT_CODES, {
    unexpected: 1,
    request_failed: 1,
    usage: 2,
    sign_in_failed: 3,
    access_denied: 3,
    interaction_required: 3,
    invalid_response: 3,
    port_in_use: 3,
    network: 4,
    timeout: 5,
    no_profile: 6,
    no_token: 6,
    unverified: 6,
    store: 7,
    unreadable_store: 7,
    invalid_profile: 7,
    permission: 8,
    person_needed: 9,
    wrong_account: 10,
    command_refused: 126,
    command_not_found: 127,
    interrupted: 130,
  });
});
