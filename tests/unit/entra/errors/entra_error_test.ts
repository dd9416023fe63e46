import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { entraError, serviceError } from "../../../../src/entra/errors/entra_error.ts";
import { parseReportedError } from "../../../../src/entra/errors/reported_error.ts";
import type { ErrorCode } from "../../../../src/errors.ts";
import { CONTEXT, CORRELATION_ID, entraBody, errorFor } from "../../../support/fixtures/entra_bodies.ts";

Deno.test("entraError() reports interaction_required only for requests without the user", () => {
  const table: [string, ErrorCode, ErrorCode][] = [
    ["invalid_grant", "interaction_required", "sign_in_failed"],
    ["interaction_required", "interaction_required", "sign_in_failed"],
    ["login_required", "interaction_required", "sign_in_failed"],
    ["consent_required", "interaction_required", "sign_in_failed"],
    ["access_denied", "access_denied", "access_denied"],
    ["invalid_client", "sign_in_failed", "sign_in_failed"],
    ["temporarily_unavailable", "network", "network"],
    ["server_error", "network", "network"],
    ["constructor", "sign_in_failed", "sign_in_failed"],
  ];
  for (const [error, silently, otherwise] of table) {
    assertEquals(entraError({ error, description: null }, CONTEXT, true).code, silently, error);
    assertEquals(entraError({ error, description: null }, CONTEXT, false).code, otherwise, error);
  }
});

Deno.test("entraError() shows Entra's description of an unknown code with the correlation ID and time", () => {
  const error = errorFor(entraBody("invalid_grant", 99999, "Something else is wrong."), false);
  assertEquals(error.message, "Sign-in failed: AADSTS99999: Something else is wrong.");
  assertEquals([error.aadsts, error.correlationId, error.exitCode], ["AADSTS99999", CORRELATION_ID, 3]);
  for (const part of ["AADSTS99999", CORRELATION_ID, "2026-01-09 02:02:12Z", "Sign-in logs"]) {
    assertStringIncludes(error.hint ?? "", part);
  }
});

Deno.test("entraError() shows the authority's description of an error without a code", () => {
  const error = errorFor({ error: "invalid_request", error_description: "no idea" }, false);
  assertEquals([error.message, error.aadsts], ["Sign-in failed: no idea", undefined]);
  assertEquals(errorFor({ error: "invalid_request" }, false).message, "Sign-in failed: invalid_request");
});

Deno.test("entraError() explains the suberror of an unknown code and knows which are final", () => {
  const table: [string, ErrorCode, string][] = [
    ["bad_token", "interaction_required", "no longer valid"],
    ["consent_required", "interaction_required", "no consent"],
    ["basic_action", "interaction_required", "action in the browser"],
    ["additional_action", "interaction_required", "outside of the sign-in"],
    ["user_password_expired", "interaction_required", "password has expired"],
    ["message_only", "sign_in_failed", "would not change that"],
    ["protection_policy_required", "sign_in_failed", "protection policy"],
  ];
  for (const [suberror, code, message] of table) {
    const error = errorFor(entraBody("invalid_grant", 99999, "words", { suberror }), true);
    assertEquals(error.code, code, suberror);
    assertStringIncludes(error.message, message);
    assert((error.hint ?? "").length > 20, suberror);
  }
  for (const suberror of ["constructor", "device_authentication_failed"]) {
    const error = errorFor(entraBody("invalid_grant", 99999, "words", { suberror }), true);
    assertEquals([error.code, error.message], ["interaction_required", "Sign-in failed: AADSTS99999: words"]);
  }
});

Deno.test("entraError() keeps Entra's description of an unknown code with a known suberror", () => {
  const body = entraBody("invalid_grant", 99999, "Token of 'ada' is bad.", { suberror: "bad_token" });
  assertEquals(
    errorFor(body, true).message,
    "The saved sign-in is no longer valid: AADSTS99999: Token of 'ada' is bad.",
  );
});

Deno.test("entraError() says that a sign-in was cancelled, and names no administrator", () => {
  const denied = "The user has denied access to the scope requested by the client application.";
  for (const body of [{ error: "access_denied" }, { error: "access_denied", error_description: denied }]) {
    const { code, message, hint = "" } = errorFor({ ...body, error_subcode: "cancel" }, false);
    assertEquals(code, "access_denied");
    assert(message.startsWith("The sign-in was cancelled or declined in the browser"), message);
    assertEquals(message.includes(denied), "error_description" in body);
    assert(hint.startsWith("entra-auth-cli get-token ") && !/administrator/i.test(hint), hint);
  }
});

Deno.test("entraError() says to try again after a server_error without a description", () => {
  const { code, message, hint } = errorFor({ error: "server_error" }, false);
  assertEquals([code, message, hint], [
    "network",
    "The sign-in service failed (server_error)",
    "Try again in a few minutes.",
  ]);
});

Deno.test("entraError() shows B2C's description without IDs and time", () => {
  const words = "AADB2C90085: Internal trouble.";
  const description = `${words}\r\nCorrelation ID: ${CORRELATION_ID}\r\nTimestamp: 2026-01-09 02:02:12Z\r\n`;
  const { message } = errorFor({ error: "server_error", error_description: description }, false);
  assertEquals(message, `Sign-in failed: ${words}`);
});

Deno.test("entraError() carries the claims that the authority demands", () => {
  const error = entraError({ error: "interaction_required", description: null, claims: "{}" }, CONTEXT, true);
  assertEquals(error.claims, "{}");
  const challenge = { error: "invalid_request", description: null, claims: "{}" };
  assertEquals(entraError(challenge, CONTEXT, true).code, "interaction_required", "a sign-in can carry them");
  assertEquals(entraError(challenge, CONTEXT, false).code, "sign_in_failed");
});

Deno.test("entraError() passes on no control characters and no forged lines", () => {
  const evil = "bad\u001b[2J\r\nHint: run evil\u202e\u0007\u009b" + "x".repeat(10_000);
  const bodies = [
    { error: "x", error_description: evil },
    { error: evil },
    { error: "x", correlation_id: evil, timestamp: evil },
  ];
  for (const body of bodies) {
    const { message, hint = "" } = errorFor(body, false);
    for (const text of [message, hint]) {
      // deno-lint-ignore no-control-regex -- what must not be there
      assertEquals(/[\u0000-\u001f\u007f-\u009f\u202e]/.test(text), false);
      assert(text.length < 600);
    }
  }
});

Deno.test("serviceError() is a network error that keeps the service's explanation", () => {
  const reported = parseReportedError(entraBody("temporarily_unavailable", 90033, "words"));
  const error = serviceError("login.example", 503, reported);
  assertEquals([error.exitCode, error.aadsts, error.correlationId], [4, "AADSTS90033", CORRELATION_ID]);
  assertStringIncludes(
    error.message,
    "login.example is unavailable (status 503): The sign-in service",
  );
  const bare = serviceError("login.example", 502, null);
  assertEquals([bare.message, bare.aadsts], [
    "login.example is unavailable (status 502)",
    undefined,
  ]);
});
