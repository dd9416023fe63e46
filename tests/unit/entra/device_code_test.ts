import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { entraAuthority } from "../../../src/entra/authority.ts";
import { validateDeviceAuthorization } from "../../../src/entra/device_code.ts";
import { BASE, goodDeviceCode, HOST, TENANT_ID } from "../../support/fixtures/entra_fixture.ts";

const AUTHORITY = entraAuthority(BASE, TENANT_ID);

function validate(changes: Record<string, unknown> = {}) {
  return validateDeviceAuthorization({ ...goodDeviceCode(), ...changes }, AUTHORITY);
}

function refusal(changes: Record<string, unknown>): string {
  const error = assertThrows(() => validate(changes), CliError);
  assertEquals(error.code, "invalid_response");
  return error.message;
}

Deno.test("validateDeviceAuthorization() takes what Entra answers", () => {
  assertEquals(validate(), {
    userCode: "ABCD-EFGH",
    verificationUri: "https://microsoft.com/devicelogin",
    verificationUriComplete: null,
    intervalSeconds: 5,
    expiresInSeconds: 900,
  });
});

Deno.test("validateDeviceAuthorization() takes every sign-in page of Microsoft's, and the authority's own", () => {
  for (
    const uri of [
      "https://microsoft.com/devicelogin",
      "https://www.microsoft.com/link",
      "https://login.microsoft.com/device",
      "https://login.microsoftonline.com/common/oauth2/deviceauth",
      "https://login.microsoftonline.us/common/oauth2/deviceauth",
      "https://login.partner.microsoftonline.cn/common/oauth2/deviceauth",
      `${BASE}/device`,
    ]
  ) assertEquals(validate({ verification_uri: uri }).verificationUri, uri);
});

Deno.test("validateDeviceAuthorization() refuses any other address to enter the code at", () => {
  for (
    const uri of [
      "http://microsoft.com/devicelogin",
      "https://microsoft.com.evil.example/devicelogin",
      "https://evil.example/devicelogin",
      "https://microsoft.com@evil.example/devicelogin",
      "https://ada@microsoft.com/devicelogin",
      "https://:pass@microsoft.com/devicelogin",
      "https://microsoft.com:8443/devicelogin",
      "https://miсrosoft.com/devicelogin", // with a Cyrillic с
      "https://login.example/device",
      `https://evil.example/#@${HOST}`,
      "javascript:alert(1)",
      "microsoft.com/devicelogin",
      "",
      7,
      undefined,
      ["https://microsoft.com/devicelogin"],
    ]
  ) assertStringIncludes(refusal({ verification_uri: uri }), "verification_uri is not https on", String(uri));
});

Deno.test("validateDeviceAuthorization() shows an address in the form that a browser takes, whatever was hidden in it", () => {
  const shown =
    validate({ verification_uri: "https://microsoft.com/device\x1b[2J\nlogin\u202e" }).verificationUri;
  assertEquals(shown, "https://microsoft.com/device%1B[2Jlogin%E2%80%AE");
});

Deno.test("validateDeviceAuthorization() gives the complete address only where it can be trusted as well", () => {
  const complete = (uri: unknown) => validate({ verification_uri_complete: uri }).verificationUriComplete;
  assertEquals(complete(`${BASE}/device?user_code=ABCD`), `${BASE}/device?user_code=ABCD`);
  assertEquals(complete("https://evil.example/device?user_code=ABCD"), null);
  assertEquals(complete(7), null);
});

Deno.test("validateDeviceAuthorization() refuses an answer without a code, and cleans the one it has", () => {
  for (const value of [undefined, "", 7, null, {}, "\x1b\x07 "]) {
    assertStringIncludes(refusal({ user_code: value }), "user_code is not a code");
  }
  for (const value of [undefined, "", 7]) {
    assertStringIncludes(refusal({ device_code: value }), "device_code");
  }
  assertEquals(validate({ user_code: "AB\x1b[31mCD\nRun: rm" }).userCode, "AB [31mCD Run: rm");
  assertEquals(validate({ user_code: "A".repeat(1000) }).userCode.length, 64);
});

Deno.test("validateDeviceAuthorization() clamps the interval: 5 s where there is none, 1 s at least, a minute at most", () => {
  const cases: [unknown, number][] = [
    [undefined, 5],
    [0, 5],
    [-5, 5],
    [NaN, 5],
    ["abc", 5],
    [null, 5],
    [0.01, 1],
    [1, 1],
    ["7", 7],
    [7, 7],
    [1e9, 60],
    [Infinity, 60],
  ];
  for (const [interval, expected] of cases) {
    assertEquals(validate({ interval }).intervalSeconds, expected, String(interval));
  }
});

Deno.test("validateDeviceAuthorization() caps a code's life at a quarter of an hour, also where the answer names none", () => {
  const cases: [unknown, number][] = [[undefined, 900], ["2", 2], [2, 2], [1e18, 900], [0, 900], [-1, 900], [
    {},
    900,
  ]];
  for (const [life, expected] of cases) {
    assertEquals(validate({ expires_in: life }).expiresInSeconds, expected, String(life));
  }
});
