import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { parseReportedError } from "../../../../src/entra/errors/reported_error.ts";
import { CORRELATION_ID, entraBody, errorFor } from "../../../support/fixtures/entra_bodies.ts";

Deno.test("parseReportedError() returns null if `error` is not text", () => {
  for (const error of [undefined, null, "", 1, ["invalid_grant"], {}]) {
    assertEquals(parseReportedError({ error, error_description: "x" }), null);
  }
});

Deno.test("parseReportedError() reads every field of Entra's errors", () => {
  const claims = '{"access_token":{"capolids":{"essential":true}}}';
  const body = entraBody("interaction_required", 50076, "words", { suberror: "basic_action", claims });
  assertEquals(parseReportedError({ ...body, access_token: "not for here" }), {
    error: "interaction_required",
    description: String(body.error_description),
    aadsts: "AADSTS50076",
    suberror: "basic_action",
    correlationId: CORRELATION_ID,
    timestamp: "2026-01-09 02:02:12Z",
    claims,
    uri: "https://login.microsoftonline.com/error?code=50076",
  });
});

Deno.test("parseReportedError() drops claims that the next sign-in cannot carry", () => {
  for (const claims of ["", "{", "null", "[]", "1", '"x"', {}, null]) {
    assertEquals(parseReportedError({ error: "x", claims })?.claims, undefined);
  }
});

Deno.test("parseReportedError() puts claims on one line", () => {
  const claims = '{\n  "access_token": {\n    "x": null\n  }\n}';
  assertEquals(parseReportedError({ error: "x", claims })?.claims, '{"access_token":{"x":null}}');
});

Deno.test("parseReportedError() keeps claims that are an object instead of text", () => {
  const claims = { access_token: { capolids: { essential: true } } };
  assertEquals(parseReportedError({ error: "x", claims })?.claims, JSON.stringify(claims));
});

Deno.test("parseReportedError() takes the page on the error only if it is an https address of one line", () => {
  const uri = "https://login.example/error?code=1";
  assertEquals(parseReportedError({ error: "x", error_uri: uri })?.uri, uri);
  for (
    const bad of [
      "http://login.example/",
      "javascript:alert(1)",
      `${uri}${"x".repeat(80)}`,
      `${uri}\nHint: run evil`,
      `${uri}${"x".repeat(999)}`,
      1,
    ]
  ) {
    assertEquals(parseReportedError({ error: "x", error_uri: bad })?.uri, undefined);
  }
});

Deno.test("parseReportedError() and entraError() accept any body", () => {
  const field = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.anything()), fc.object());
  const body = fc.record({
    error: fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom("invalid_grant", "access_denied")),
    error_description: fc.oneof(field, fc.stringMatching(/^AADSTS\d{1,9}: [ -~]{0,40} Trace ID: x$/)),
    error_codes: fc.oneof(field, fc.array(fc.integer())),
    suberror: field,
    correlation_id: field,
    timestamp: field,
    claims: field,
  }, { requiredKeys: ["error"] });
  fc.assert(fc.property(body, fc.boolean(), (given, silently) => {
    const { message, hint = "" } = errorFor(given, silently);
    // deno-lint-ignore no-control-regex -- what must not be there
    assertEquals(/[\u0000-\u001f\u007f-\u009f]/.test(message + hint.replaceAll("\n", "")), false);
  }));
});

Deno.test("parseReportedError() reads the code from error_codes if the description has none", () => {
  const numbered = (body: Record<string, unknown>) => parseReportedError({ error: "x", ...body })?.aadsts;
  assertEquals(numbered({ error_codes: [50076, 50079] }), "AADSTS50076");
  assertEquals(numbered({ error_description: "words", error_codes: [50076] }), "AADSTS50076");
  assertEquals(numbered({ error_description: "AADSTS50011: words", error_codes: [1] }), "AADSTS50011");
  assertEquals(numbered({ error_description: "AADSTS500113: words" }), "AADSTS500113", "not a shorter one");
  assertEquals(numbered({ error_description: "AADB2C90091: cancelled" }), "AADB2C90091");
  for (const codes of [undefined, null, [], ["50076"], [-1], [1.5], { 0: 1 }, "50076", [null]]) {
    assertEquals(numbered({ error_codes: codes }), undefined);
  }
});

Deno.test("parseReportedError() reads correlation ID and time from the description if they have no field", () => {
  const { error_description } = entraBody("x", 1, "words");
  const inOneLine = String(error_description).replaceAll("\r\n", " ");
  for (const words of [error_description, inOneLine]) {
    const reported = parseReportedError({ error: "x", error_description: words });
    assertEquals(
      [reported?.correlationId, reported?.timestamp],
      [CORRELATION_ID, "2026-01-09 02:02:12Z"],
    );
  }
  const field = parseReportedError({ error: "x", error_description, correlation_id: "c-1", timestamp: "t" });
  assertEquals([field?.correlationId, field?.timestamp], ["c-1", "t"]);
});

Deno.test("parseReportedError() removes control characters from correlation ID and time", () => {
  const evil = "\u001b[2J" + "c".repeat(1000);
  const reported = parseReportedError({ error: "x", correlation_id: evil, timestamp: evil });
  assertMatch(reported?.correlationId ?? "", /^\[2Jc{59,60}…$/);
  assertMatch(reported?.timestamp ?? "", /^\[2Jc{59,60}…$/);
});
