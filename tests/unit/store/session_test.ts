import { assertEquals, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import {
  formatSession,
  formatSummary,
  parseSession,
  type SessionSummary,
  summarizeSession,
  validateSummary,
} from "../../../src/store/session.ts";
import { sampleSession } from "../../support/fixtures/store_fixture.ts";

const SESSION = sampleSession("work", "s3cret");

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
}

function plainSession(): Record<string, unknown> & { tokens: Record<string, unknown>[] } {
  return JSON.parse(new TextDecoder().decode(formatSession(SESSION)));
}

Deno.test("parseSession() parses what formatSession() returns, including secrets", () => {
  const session = parseSession(formatSession(SESSION));
  assertEquals(session.tokens[0]?.accessToken.reveal(), "s3cret");
  assertEquals(session.msalCache.reveal(), SESSION.msalCache.reveal());
  assertEquals(JSON.stringify(session), JSON.stringify(SESSION));
});

Deno.test("parseSession() parses a session of an application, which has no account", () => {
  const session = {
    ...SESSION,
    account: null,
    tokens: SESSION.tokens.map((token) => ({ ...token, account: null })),
  };
  assertEquals(parseSession(formatSession(session)).account, null);
});

Deno.test("parseSession() rejects each field that is missing or of another type", () => {
  const spoiled: [string, unknown][] = [];
  for (const field of Object.keys(plainSession())) {
    for (const value of [undefined, 7, ["x"], { a: 1 }]) {
      spoiled.push([field, { ...plainSession(), [field]: value }]);
    }
  }
  for (const field of Object.keys(plainSession().tokens[0] ?? {})) {
    for (const value of [undefined, true, [7], { a: 1 }]) {
      const session = plainSession();
      spoiled.push([`tokens.${field}`, { ...session, tokens: [{ ...session.tokens[0], [field]: value }] }]);
    }
  }
  for (const [field, value] of spoiled) {
    const error = assertThrows(() => parseSession(encode(value)), CliError, "has invalid content", field);
    assertEquals(error.code, "unreadable_store");
  }
});

Deno.test("parseSession() rejects anything but a session", () => {
  for (
    const text of ["", "{bad", "null", "[]", "7", '"text"', "{}", "[".repeat(100_000), '{"tokens":[null]}']
  ) {
    assertThrows(() => parseSession(encode(text)), CliError, "has invalid content");
  }
  assertThrows(() => parseSession(new Uint8Array([0x22, 0xff, 0x22])), CliError, "has invalid content");
});

Deno.test("parseSession() reads nothing from a prototype and changes none", () => {
  const inherited = `{"__proto__":${JSON.stringify(plainSession())}}`;
  assertThrows(() => parseSession(encode(inherited)), CliError, "profile is not a string");
  const session = parseSession(
    encode(JSON.stringify(plainSession()).replace("{", '{"__proto__":{"polluted":1},')),
  );
  assertEquals("polluted" in session, false);
  assertEquals("polluted" in {}, false);
});

Deno.test("parseSession() quotes nothing of what it cannot parse", () => {
  const text = new TextDecoder().decode(formatSession(SESSION)).slice(0, -1);
  const error = assertThrows(() => parseSession(encode(text)), CliError);
  assertEquals(Deno.inspect(error).includes("s3cret"), false);
});

Deno.test("validateSummary() returns what formatSummary() formats, without secrets", () => {
  const identity = { id: "0123456789abcdef".repeat(2), generation: 3 };
  const session = sampleSession("work");
  const summary = summarizeSession(session);
  assertEquals(summary.expiresAt, 2_000_000_000);
  const other = { homeAccountId: "of a guest\n", username: "", objectId: "oid", tenantId: "tid" };
  const table: SessionSummary[] = [
    summary,
    { ...summary, identity, expiresAt: null },
    { ...summary, account: null, owner: "application" },
    { ...summary, account: other },
  ];
  for (const expected of table) {
    const text = JSON.stringify(formatSummary(expected));
    assertEquals(/token|refresh/i.test(text), false);
    assertEquals(validateSummary(JSON.parse(text), "work"), expected);
  }
});

Deno.test("validateSummary() rejects whatever is not a summary", () => {
  const valid = formatSummary(summarizeSession(sampleSession("work")));
  const wrong = [null, {}, 1, "x", [], valid.slice(0, 5)];
  for (const position of valid.keys()) {
    for (const value of [1, "x", {}, [], [1], true]) {
      // A number is a valid time, and a text is a valid name.
      if ((position === 6 && value === 1) || (position < 3 && value === "x")) continue;
      wrong.push(valid.with(position, value));
    }
  }
  for (const value of wrong) {
    const error = assertThrows(
      () => validateSummary(value, "work"),
      CliError,
      undefined,
      Deno.inspect(value),
    );
    assertEquals(error.code, "unreadable_store");
  }
});
