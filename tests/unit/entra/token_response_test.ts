import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { validateTokenResponse } from "../../../src/entra/token_response.ts";
import { goodTokenResponse } from "../../support/fixtures/entra_fixture.ts";

const WEEK_SECONDS = 7 * 86_400;

function refusal(changes: Record<string, unknown>): CliError {
  const body = { ...goodTokenResponse(), ...changes };
  return assertThrows(() => validateTokenResponse(body), CliError, undefined, JSON.stringify(changes));
}

Deno.test("validateTokenResponse() returns the tokens, lifetime and scopes of a valid response", () => {
  const { accessToken, idToken, ...facts } = validateTokenResponse({
    ...goodTokenResponse(),
    id_token: "a.b.c",
  });
  assertEquals([accessToken.reveal(), idToken?.reveal()], ["access-token-1", "a.b.c"]);
  assertEquals(facts, { expiresInSeconds: 3600, refreshInSeconds: null, scopes: ["User.Read"] });
});

Deno.test("validateTokenResponse() rejects an empty object", () => {
  assertThrows(() => validateTokenResponse({}), CliError, "access_token");
});

Deno.test("validateTokenResponse() accepts access tokens of RFC 6750", () => {
  for (const token of ["a", "eyJ.eyJ.sig-_", "EwB+/~aZ09==", "x".repeat(256 * 1024)]) {
    validateTokenResponse({ ...goodTokenResponse(), access_token: token });
  }
});

Deno.test("validateTokenResponse() rejects every other access token without quoting it", () => {
  const tokens = [
    undefined,
    null,
    1,
    ["canary"],
    { canary: 1 },
    "",
    "canary canary",
    "canary\r\nX-Evil: 1",
    "canary\n",
    "canary\u0000",
    "canaryé",
    "$(canary)",
    "canary;ls",
    "`canary`",
    "=canary",
    "canary".repeat(50_000),
  ];
  for (const token of tokens) {
    const error = refusal({ access_token: token });
    assertEquals(error.code, "invalid_response");
    assertStringIncludes(error.message, "access_token");
    assertEquals(/canary/.test(error.message + error.hint), false);
  }
});

Deno.test("validateTokenResponse() says to name an API if there is an ID token only, as from B2C", () => {
  const { access_token: _, ...body } = goodTokenResponse();
  const read = () => validateTokenResponse({ ...body, id_token: "a.b.c" });
  const error = assertThrows(read, CliError, "no access token: no scope names an API");
  assertStringIncludes(error.hint ?? "", "its client ID");
});

Deno.test("validateTokenResponse() accepts only the token type Bearer", () => {
  for (const type of ["Bearer", "bearer", "BEARER"]) {
    validateTokenResponse({ ...goodTokenResponse(), token_type: type });
  }
  for (const type of [undefined, null, "", "mac", "pop", "DPoP", "Bearer ", ["Bearer"], 1]) {
    assertStringIncludes(refusal({ token_type: type }).message, "token_type");
  }
});

Deno.test("validateTokenResponse() reads the lifetime as a number or digits and limits it to a week", () => {
  const table: [unknown, number][] = [
    [1, 1],
    [3600, 3600],
    ["3600", 3600],
    [3599.9, 3599],
    [28 * 3600, 28 * 3600],
    [WEEK_SECONDS, WEEK_SECONDS],
    [WEEK_SECONDS + 1, WEEK_SECONDS],
    [1e18, WEEK_SECONDS],
    ["999999999999999999999999", WEEK_SECONDS],
    [Infinity, WEEK_SECONDS],
  ];
  for (const [given, seconds] of table) {
    const { expiresInSeconds } = validateTokenResponse({ ...goodTokenResponse(), expires_in: given });
    assertEquals(expiresInSeconds, seconds, String(given));
  }
});

Deno.test("validateTokenResponse() rejects every other lifetime", () => {
  for (
    const given of [
      undefined,
      null,
      0,
      "0",
      -1,
      "-1",
      0.5,
      NaN,
      -Infinity,
      "",
      "abc",
      "1e9",
      " 3600",
      "0x10",
      true,
      [
        3600,
      ],
    ]
  ) {
    assertStringIncludes(refusal({ expires_in: given }).message, "expires_in");
  }
});

Deno.test("validateTokenResponse() splits the scopes and distinguishes omitted from empty", () => {
  const table: [unknown, readonly string[] | null][] = [
    [undefined, null],
    ["", []],
    ["User.Read  Mail.Read ", ["User.Read", "Mail.Read"]],
  ];
  for (const [scope, expected] of table) {
    assertEquals(validateTokenResponse({ ...goodTokenResponse(), scope }).scopes, expected);
  }
});

Deno.test("validateTokenResponse() rejects scopes that are not text or contain invalid characters", () => {
  const unfit = [
    "User.Read\x1b[2J",
    "User.Read\nMail.Read",
    "\u009b31m",
    "\u202edaer",
    'a"b',
    "a\\b",
    "\u0000",
  ];
  for (const scope of [null, 1, ["User.Read"], {}, ...unfit]) {
    assertStringIncludes(refusal({ scope }).message, "scope");
  }
});

Deno.test("validateTokenResponse() rejects a refresh token that cannot be sent back but does not require one", () => {
  for (const refreshToken of [undefined, null, "", "0.AXo~", "a b"]) {
    validateTokenResponse({ ...goodTokenResponse(), refresh_token: refreshToken });
  }
  const unfit = [0, 1, true, ["0.AXo"], {}, "a\n", "\x1b[2J", "\u202e", "x".repeat(256 * 1024 + 1)];
  for (const refreshToken of unfit) {
    assertStringIncludes(refusal({ refresh_token: refreshToken }).message, "refresh_token");
  }
});

Deno.test("validateTokenResponse() reads refresh_in as a number or digits, and ignores one that is not before the end", () => {
  const table: [unknown, number | null][] = [
    [1800, 1800],
    ["1800", 1800],
    [1800.9, 1800],
    [undefined, null],
    [0, null],
    [-1, null],
    ["soon", null],
    [3600, null],
    [1e18, null],
  ];
  for (const [given, seconds] of table) {
    const { refreshInSeconds } = validateTokenResponse({ ...goodTokenResponse(), refresh_in: given });
    assertEquals(refreshInSeconds, seconds, String(given));
  }
});
