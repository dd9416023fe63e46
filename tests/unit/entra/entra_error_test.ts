import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { entraError, parseReportedError } from "../../../src/entra/entra_error.ts";
import type { ErrorCode } from "../../../src/errors.ts";

const CONTEXT = { clientId: "the-client", tenant: "the-tenant" };

Deno.test("parseReportedError() finds no error where `error` isn't text", () => {
  for (const error of [undefined, null, "", 1, ["invalid_grant"], {}]) {
    assertEquals(parseReportedError({ error, error_description: "x" }), null);
  }
});

Deno.test("parseReportedError() takes the fields that are what they have to be", () => {
  const claims = '{"access_token":{"capolids":{"essential":true}}}';
  assertEquals(
    parseReportedError({
      error: "interaction_required",
      error_description: "words",
      correlation_id: "11111111-2222-4333-8444-555555555555",
      claims,
      access_token: "not for here",
    }),
    {
      error: "interaction_required",
      description: "words",
      correlationId: "11111111-2222-4333-8444-555555555555",
      claims,
    },
  );
});

Deno.test("parseReportedError() drops claims that the next sign-in could not carry", () => {
  for (const claims of ["", "{", "null", "[]", "1", '"x"', {}, null]) {
    assertEquals(parseReportedError({ error: "x", claims }), { error: "x", description: null });
  }
});

Deno.test("parseReportedError() makes the correlation id fit for a terminal", () => {
  const reported = parseReportedError({ error: "x", correlation_id: "\u001b[2J" + "c".repeat(1000) });
  assertMatch(reported?.correlationId ?? "", /^\[2Jc{59,60}…$/);
});

Deno.test("entraError() gives a demand for the user its own code, but only where nobody was asked", () => {
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

Deno.test("entraError() has a sentence and a remedy for the numbers people meet", () => {
  const numbers = [
    "AADSTS50011",
    "AADSTS7000218",
    "AADSTS700016",
    "AADSTS90002",
    "AADSTS50020",
    "AADSTS65001",
    "AADSTS65004",
    "AADSTS53003",
  ];
  for (const number of numbers) {
    const error = entraError({ error: "invalid_request", description: `${number}: words` }, CONTEXT, false);
    assertEquals(error.aadsts, number);
    assertEquals(error.message.includes("words"), false);
    assertEquals((error.hint ?? "").length > 20, true, number);
  }
  const redirect = entraError({ error: "x", description: "AADSTS50011: words" }, CONTEXT, false);
  assertStringIncludes(redirect.hint ?? "", "az ad app update --id the-client --public-client-redirect-uris");
});

Deno.test("entraError() shows any other number in the authority's words, up to the trace id", () => {
  const description =
    "AADSTS50173: The grant is revoked.\r\nTrace ID: aa\r\nCorrelation ID: bb\r\nTimestamp: cc";
  const error = entraError({ error: "invalid_grant", description }, CONTEXT, false);
  assertEquals(error.message, "Sign-in failed: AADSTS50173: The grant is revoked.");
  assertEquals(error.aadsts, "AADSTS50173");
});

Deno.test("entraError() doesn't take a longer number for a shorter one", () => {
  const error = entraError({ error: "x", description: "AADSTS500113: No reply address." }, CONTEXT, false);
  assertEquals(error.aadsts, "AADSTS500113");
  assertStringIncludes(error.message, "No reply address");
});

Deno.test("entraError() finds the correlation id in the words where it has no field of its own", () => {
  const id = "11111111-2222-4333-8444-555555555555";
  const description = `AADSTS1: words Trace ID: x Correlation ID: ${id} Timestamp: y`;
  assertEquals(entraError({ error: "x", description }, CONTEXT, false).correlationId, id);
  assertEquals(
    entraError({ error: "x", description, correlationId: "field" }, CONTEXT, false).correlationId,
    "field",
  );
  assertEquals(entraError({ error: "x", description: "words" }, CONTEXT, false).correlationId, undefined);
});

Deno.test("entraError() carries the claims that the authority demands", () => {
  const error = entraError({ error: "interaction_required", description: null, claims: "{}" }, CONTEXT, true);
  assertEquals(error.claims, "{}");
});

Deno.test("entraError() lets no control character or forged line through", () => {
  const description = "bad\u001b[2J\r\nHint: run evil\u202e\u0007\u009b" + "x".repeat(10_000);
  for (const reported of [{ error: "x", description }, { error: description, description: null }]) {
    const { message } = entraError(reported, CONTEXT, false);
    // deno-lint-ignore no-control-regex -- what must not be there
    assertEquals(/[\u0000-\u001f\u007f-\u009f\u202e]/.test(message), false);
    assertEquals(message.length < 600, true);
  }
});
