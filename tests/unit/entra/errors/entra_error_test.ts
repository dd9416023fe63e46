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
  assertEquals(
    [error.message, error.aadsts],
    ["The authority does not accept the request (invalid_request): no idea", undefined],
  );
  const bare = errorFor({ error: "invalid_request" }, false);
  assertEquals(bare.message, "The authority does not accept the request (invalid_request)");
  const other = errorFor({ error: "policy_failed", error_description: "no idea" }, false);
  assertEquals(other.message, "Sign-in failed (policy_failed): no idea");
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
    assertStringIncludes(error.message, ": AADSTS99999: words");
    assertStringIncludes(error.hint ?? "", "https://login.microsoftonline.com/error?code=99999");
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

Deno.test("entraError() says that a sign-in was cancelled, and what to run", () => {
  const denied = "The user has denied access to the scope requested by the client application.";
  for (const body of [{ error: "access_denied" }, { error: "access_denied", error_description: denied }]) {
    const { code, message, hint = "" } = errorFor({ ...body, error_subcode: "cancel" }, false);
    assertEquals(code, "access_denied");
    assert(message.startsWith("The sign-in was cancelled or declined in the browser"), message);
    assertEquals(message.includes(denied), "error_description" in body);
    assert(hint.startsWith("entra-auth-cli get-token "), hint);
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

Deno.test("entraError() explains the codes of OAuth and OpenID Connect without a number, and shows them", () => {
  const table: [string, ErrorCode, string][] = [
    ["invalid_scope", "sign_in_failed", "A scope is not valid"],
    ["login_required", "sign_in_failed", "Nobody is signed in"],
    ["interaction_required", "sign_in_failed", "action in the browser"],
    ["account_selection_required", "sign_in_failed", "which account"],
    ["consent_required", "sign_in_failed", "no consent"],
    ["temporarily_unavailable", "network", "not available at the moment"],
    ["server_error", "network", "The sign-in service failed"],
    ["unauthorized_client", "sign_in_failed", "not allowed to sign in this way"],
    ["unsupported_grant_type", "sign_in_failed", "does not support this flow"],
    ["invalid_client", "sign_in_failed", "does not accept the application or its credential"],
    ["invalid_grant", "sign_in_failed", "did not accept the code"],
    ["invalid_target", "sign_in_failed", "does not know the API"],
    ["access_denied", "access_denied", "The sign-in was cancelled or declined"],
  ];
  for (const [code, expected, message] of table) {
    const shown = errorFor({ error: code, error_description: "the words" }, false);
    assertEquals(shown.code, expected, code);
    assertStringIncludes(shown.message, message);
    assertStringIncludes(shown.message, ` (${code}): the words`);
    assert((shown.hint ?? "") !== "" && !shown.hint?.includes("Sign-in logs"), shown.hint);
  }
});

Deno.test("entraError() tells a refused code from a saved sign-in that is no longer valid", () => {
  const body = entraBody("invalid_grant", 70000, "words");
  assertEquals(errorFor(body, true).message, "The saved sign-in is no longer valid");
  assertEquals(errorFor(body, false).message, "Entra did not accept the code of the sign-in");
  for (const number of [50173, 70043, 9002313]) {
    assert(
      !errorFor(entraBody("invalid_grant", number, "words"), false).message.includes("saved"),
      String(number),
    );
  }
});

Deno.test("entraError() treats declined consent alike, whatever the error code is", () => {
  for (const error of ["access_denied", "consent_required", "invalid_grant"]) {
    for (const silently of [true, false]) {
      assertEquals(errorFor(entraBody(error, 65004, "words"), silently).code, "access_denied", error);
    }
  }
});

Deno.test("entraError() keeps the authority's own words without the trace, in every layout", () => {
  const layouts = [
    "AADSTS50020: User 'ann' is unknown.\r\nTrace ID: t\r\nCorrelation ID: c\r\nTimestamp: 2026-01-09 02:02:12Z",
    "AADSTS50020: User 'ann' is unknown. Trace ID: t Correlation ID: c Timestamp: 2026-01-09 02:02:12Z",
    "AADSTS50020: User 'ann' is unknown.\r\nCorrelation ID: c\r\nTimestamp: 2026-01-09 02:02:12Z\r\n",
  ];
  for (const words of layouts) {
    const { message, description } = errorFor({ error: "invalid_grant", error_description: words }, false);
    assertEquals([message, description], [
      "The account does not exist in this tenant",
      "AADSTS50020: User 'ann' is unknown.",
    ]);
  }
});

Deno.test("entraError() shows the class of a number without a message of its own with Entra's words", () => {
  const shown = errorFor(entraBody("invalid_request", 75003, "Entra's words"), false);
  assertEquals(shown.message, "The SAML binding is not supported: AADSTS75003: Entra's words");
  assertStringIncludes(shown.hint ?? "", "check its registration");
  assert(!shown.hint?.includes("not in this program's list"));
});

Deno.test("entraError() takes server_error with a number as the class of the number says", () => {
  const codeOf = (words: string) => errorFor({ error: "server_error", error_description: words }, false).code;
  assertEquals(codeOf("AADB2C99002: no such user"), "sign_in_failed");
  assertEquals(codeOf("AADB2C90037: unknown to this program"), "sign_in_failed");
  assertEquals(codeOf("AADB2C90244: busy"), "network");
  assertEquals(codeOf("AADSTS90033: busy"), "network");
  assertEquals(codeOf("no number"), "network");
});

Deno.test("entraError() names no administrator to personal accounts", () => {
  const personal = { ...CONTEXT, tenant: "consumers" };
  for (
    const error of [{ error: "x", description: null, aadsts: "AADSTS99999" }, {
      error: "access_denied",
      description: "no",
    }]
  ) {
    const { hint = "" } = entraError(error, personal, false);
    assert(hint !== "" && !/administrator|admin center/.test(hint), hint);
  }
});
