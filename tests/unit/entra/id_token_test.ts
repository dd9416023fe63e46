import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { encodeBase64Url } from "@std/encoding/base64url";
import { CliError } from "../../../src/errors.ts";
import { Secret } from "../../../src/text/secret.ts";
import { entraAuthority } from "../../../src/entra/authority.ts";
import { type ExpectedIdToken, type IdTokenSubject, validateIdToken } from "../../../src/entra/id_token.ts";
import {
  BASE,
  CLIENT_ID,
  goodIdTokenClaims,
  NOW,
  NOW_MS,
  OBJECT_ID,
  OTHER_TENANT_ID,
  shapedJwt,
  TENANT_ID,
} from "../../support/fixtures/entra_fixture.ts";

function expectedToken(changes: Partial<ExpectedIdToken> = {}): ExpectedIdToken {
  return {
    authority: entraAuthority(BASE, TENANT_ID),
    metadata: null,
    clientId: CLIENT_ID,
    nonce: "the-nonce",
    nowMs: NOW_MS,
    ...changes,
  };
}

/** Validates a token whose claims are valid except for `changes`. Undefined claims are omitted. */
function validate(changes: Record<string, unknown>, expected: Partial<ExpectedIdToken> = {}): IdTokenSubject {
  const claims: Record<string, unknown> = { ...goodIdTokenClaims(), ...changes };
  for (const [name, value] of Object.entries(claims)) if (value === undefined) delete claims[name];
  return validateIdToken(new Secret(shapedJwt(claims)), expectedToken(expected));
}

function refusal(changes: Record<string, unknown>, expected: Partial<ExpectedIdToken> = {}): CliError {
  return assertThrows(() => validate(changes, expected), CliError, undefined, JSON.stringify(changes));
}

/** The tenant of personal accounts. */
const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";

Deno.test("validateIdToken() returns the user that a valid token names", () => {
  assertEquals(validate({}), { username: "ada@contoso.example", objectId: OBJECT_ID, tenantId: TENANT_ID });
});

Deno.test("validateIdToken() identifies a user of AD FS by the subject, and accepts such a token from nobody else", () => {
  const issuer = "https://fs.contoso.example/adfs";
  const adfs = {
    authority: entraAuthority("https://fs.contoso.example", "adfs"),
    metadata: { issuer, namesIssuerInResponse: false },
  };
  const claims = {
    iss: issuer,
    sub: "c3ViamVjdA+/=",
    upn: "ada@contoso.example",
    unique_name: "CONTOSO\\ada",
    ...{ tid: undefined, oid: undefined, preferred_username: undefined, email: undefined, name: undefined },
  };
  assertEquals(validate(claims, adfs), {
    username: "ada@contoso.example",
    objectId: "c3ViamVjdA+/=",
    tenantId: "adfs",
  });
  assertEquals(validate({ ...claims, upn: undefined }, adfs).username, "CONTOSO\\ada");
  assertEquals(validate({ ...claims, upn: "", unique_name: "" }, adfs).username, "c3ViamVjdA+/=");
  const table: [Record<string, unknown>, Partial<ExpectedIdToken>, string][] = [
    [{ sub: undefined }, adfs, "sub is missing"],
    [{ sub: "two words" }, adfs, "sub is not an ID"],
    [{ sub: "s".repeat(256) }, adfs, "sub is not an ID"],
    [{ iss: "https://evil.example/adfs" }, adfs, "iss is not the requested authority"],
    [{ iss: `${BASE}/${TENANT_ID}/v2.0` }, adfs, "iss is not the requested authority"],
    [{ nonce: "other" }, adfs, "nonce"],
    [{}, {}, "tid is missing"],
  ];
  for (const [changes, expected, words] of table) {
    const { code, message } = refusal({ ...claims, ...changes }, expected);
    assertEquals(code, "invalid_response", message);
    assertStringIncludes(message, words);
  }
});

Deno.test("validateIdToken() rejects a missing or mistyped claim and names it", () => {
  const wrong: Record<string, unknown[]> = {
    iss: [undefined, "", 1, null, [`${BASE}/${TENANT_ID}/v2.0`], {}],
    aud: [undefined, "", 1, null, [CLIENT_ID], [CLIENT_ID, "other"]],
    tid: [undefined, "", 1, null, [TENANT_ID], "not-a-guid"],
    oid: [undefined, "", 1, null, [OBJECT_ID], "not-a-guid"],
    nonce: [undefined, "", 1, null, ["the-nonce"], "the-nonce ", "THE-NONCE"],
    exp: [undefined, "", String(NOW + 3600), null, [NOW + 3600], NaN, Infinity],
    iat: [undefined, "", String(NOW), null, [NOW], NaN],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const error = refusal({ [name]: value });
      assertEquals(error.code, "invalid_response", `${name}: ${JSON.stringify(value)}`);
      assertStringIncludes(error.message, name);
    }
  }
});

Deno.test("validateIdToken() rejects another issuer, audience or nonce without quoting it", () => {
  for (
    const changes of [
      { iss: `https://evil.example/${TENANT_ID}/v2.0` },
      { iss: `${BASE}/${OTHER_TENANT_ID}/v2.0` },
      { iss: `${BASE}/${TENANT_ID}/v2.0/` },
      { iss: `${BASE}/${TENANT_ID}/v1.0` },
      { aud: OTHER_TENANT_ID },
      { nonce: "canary-of-another-run" },
    ]
  ) {
    const error = refusal(changes);
    assertEquals(error.code, "invalid_response");
    for (const value of Object.values(changes)) assertEquals(error.message.includes(value), false);
  }
});

Deno.test("validateIdToken() ignores the case of IDs", () => {
  assertEquals(validate({ tid: TENANT_ID.toUpperCase() }).tenantId, TENANT_ID);
  assertEquals(validate({ oid: OBJECT_ID.toUpperCase() }).objectId, OBJECT_ID);
  assertEquals(validate({}, { clientId: CLIENT_ID.toUpperCase() }).objectId, OBJECT_ID);
});

Deno.test("validateIdToken() reports wrong_account for a token of another tenant", () => {
  const changes = { tid: OTHER_TENANT_ID, iss: `${BASE}/${OTHER_TENANT_ID}/v2.0` };
  const error = refusal(changes);
  assertEquals(error.code, "wrong_account");
  assertStringIncludes(error.message, OTHER_TENANT_ID);
  assertStringIncludes(error.message, TENANT_ID);
  const common = { authority: entraAuthority(BASE, "common") };
  assertEquals(validate(changes, common).tenantId, OTHER_TENANT_ID);
});

Deno.test("validateIdToken() never quotes the token in its message", () => {
  const error = refusal({ tid: "\u001b[2Jcanary" });
  for (const part of ["canary", "\u001b"]) assertEquals((error.message + error.hint).includes(part), false);
});

Deno.test("validateIdToken() requires the issuer of the token's own tenant despite the placeholder", () => {
  const metadata = { issuer: `${BASE}/{tenantid}/v2.0`, namesIssuerInResponse: false };
  const common = { authority: entraAuthority(BASE, "common"), metadata };
  assertEquals(validate({}, common).tenantId, TENANT_ID);
  assertEquals(refusal({ tid: OTHER_TENANT_ID }, common).code, "invalid_response");
  assertEquals(refusal({ iss: `${BASE}/{tenantid}/v2.0` }, common).code, "invalid_response");
});

Deno.test("validateIdToken() requires no nonce for a refresh", () => {
  assertEquals(validate({ nonce: undefined }, { nonce: null }).objectId, OBJECT_ID);
  assertEquals(validate({ nonce: "another" }, { nonce: null }).objectId, OBJECT_ID);
});

Deno.test("validateIdToken() falls back to other names and finally to the object ID, but not to a name with an at sign", () => {
  const none = { preferred_username: undefined, name: undefined };
  const table: [Record<string, unknown>, string][] = [
    [{ upn: "ada@contoso.example", email: "other@contoso.example" }, "ada@contoso.example"],
    [{ emails: ["ada@contoso.example"], upn: "other@contoso.example" }, "ada@contoso.example"],
    [{ email: "ada@contoso.example", name: "Ada" }, "ada@contoso.example"],
    [{ "signInNames.emailAddress": "ada@contoso.example", name: "Ada" }, "ada@contoso.example"],
    [{ name: "Ada Lovelace" }, "Ada Lovelace"],
    [{ name: "boss@contoso.example" }, OBJECT_ID],
    [{ preferred_username: " ", emails: [], email: "" }, OBJECT_ID],
    [{ preferred_username: 7, emails: [7] }, OBJECT_ID],
    [{}, OBJECT_ID],
  ];
  for (const [claims, name] of table) assertEquals(validate({ ...none, ...claims }).username, name);
});

Deno.test("validateIdToken() refuses a personal account for organizations, and accepts a guest", () => {
  const organizations = { authority: entraAuthority(BASE, "organizations") };
  const personal = { tid: CONSUMERS, iss: `${BASE}/${CONSUMERS}/v2.0` };
  assertEquals(refusal(personal, organizations).code, "wrong_account");
  assertEquals(validate(personal, { authority: entraAuthority(BASE, "common") }).tenantId, CONSUMERS);
  assertEquals(validate({ idp: "live.com" }, organizations).tenantId, TENANT_ID);
});

Deno.test("validateIdToken() accepts an issuer on an alias of the authority's host", () => {
  for (const host of ["login.windows.net", "login.microsoft.com", "sts.windows.net"]) {
    const issuer = `https://${host}/${TENANT_ID}/v2.0`;
    const publicCloud = { authority: entraAuthority("https://login.microsoftonline.com", TENANT_ID) };
    assertEquals(validate({ iss: issuer }, publicCloud).tenantId, TENANT_ID);
    assertEquals(refusal({ iss: issuer }).code, "invalid_response");
    const disguised = issuer.replace("https://", "https://evil.example@");
    assertEquals(refusal({ iss: disguised }, publicCloud).code, "invalid_response");
  }
});

Deno.test("validateIdToken() tolerates clocks that are up to 300 seconds apart", () => {
  validate({ iat: NOW + 300, exp: NOW + 3900 });
  validate({ iat: NOW - 3900, exp: NOW - 300 });
  for (const changes of [{ iat: NOW + 301, exp: NOW + 3901 }, { iat: NOW - 3901, exp: NOW - 301 }]) {
    const error = refusal(changes);
    assertEquals(error.code, "invalid_response");
    assertStringIncludes(error.message, "clocks");
  }
});

Deno.test("validateIdToken() reports how far the clocks are apart", () => {
  assertStringIncludes(refusal({ iat: NOW + 600, exp: NOW + 4200 }).message, "about 10 minutes");
  assertStringIncludes(refusal({ iat: NOW - 7200, exp: NOW - 3600 }).message, "about 2 hours");
  for (const [hours, words] of [[5, "5 hours"], [72, "3 days"], [24 * 365.25 * 56, "56 years"]] as const) {
    const iat = NOW + hours * 3600;
    assertStringIncludes(refusal({ iat, exp: iat + 3600 }).message, `about ${words} apart`);
  }
});

Deno.test("validateIdToken() rejects a token without a signature", () => {
  const claims = goodIdTokenClaims();
  const signed = shapedJwt(claims);
  const unsigned = signed.slice(0, signed.lastIndexOf(".") + 1);
  const tokens = [
    shapedJwt(claims, { alg: "none" }),
    shapedJwt(claims, { alg: "None" }),
    shapedJwt(claims, {}),
    shapedJwt(claims, { alg: 1 }),
    unsigned,
    unsigned.slice(0, -1),
    `${encodeBase64Url("[]")}.${encodeBase64Url("{}")}.x`,
    "not a token",
    "",
  ];
  for (const token of tokens) {
    const idToken = new Secret(token);
    assertThrows(() => validateIdToken(idToken, expectedToken()), CliError, "not a signed JWT", token);
  }
});

Deno.test("validateIdToken() returns a user name that is safe to display and to send in a URL", () => {
  assertEquals(
    validate({ preferred_username: "ada\u009b31m\u202e\r\nRun: x" }).username,
    "ada 31m Run: x\ufffd",
  );
  assertEquals(validate({ preferred_username: "a".repeat(300_000) }).username.length, 321);
});

Deno.test("validateIdToken() never turns a user name into that of another user", () => {
  const name = "ada@contoso.example";
  for (const mark of ["\0", " ", "\t", "\n", "\u00a0", "\u200b", "\u200e", "\u202e", "\u2060", "\ufeff"]) {
    for (const claim of [`${mark}${name}`, `${name}${mark}`, `${mark}${name}${mark}`]) {
      for (
        const claims of [{ preferred_username: claim }, { preferred_username: undefined, emails: [claim] }]
      ) {
        assertNotEquals(validate(claims).username, name, JSON.stringify(claim));
      }
    }
  }
});
