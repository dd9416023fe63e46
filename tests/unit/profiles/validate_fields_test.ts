import { assertEquals } from "@std/assert";
import {
  authorityText,
  checkAuthority,
  checkAuthorityFlags,
  checkClientId,
  checkDomainHint,
  checkFlow,
  checkProfileName,
  checkTenant,
  tenantOfHost,
} from "../../../src/profiles/validate_fields.ts";
import { assertRefuses } from "../../support/fixtures/assert_refuses.ts";

const GUID = "72f988bf-86f1-41af-91ab-2d7cd011db47";

Deno.test("checkProfileName() accepts usual names", () => {
  for (
    const name of [
      "default",
      "production-api",
      "my_app.v2",
      "Work account",
      "7",
      "constructor",
      "x".repeat(64),
    ]
  ) {
    assertEquals(checkProfileName(name), name);
  }
});

Deno.test("checkProfileName() rejects ambiguous names", () => {
  assertRefuses(checkProfileName, [
    "",
    " ",
    "-p",
    "--force",
    ".hidden",
    "..",
    "../x",
    "a/b",
    "a\\b",
    " x",
    "x ",
    "a\nb",
    "a\u0000b",
    "\u001b[2J",
    "__proto__",
    "😀",
    "$(calc)",
    "`id`",
    "%PATH%",
    "a'b",
    'a"b',
    "x".repeat(65),
    "x".repeat(1024),
  ]);
});

Deno.test("checkTenant() accepts a GUID, a domain and Entra's three words, and returns lower case", () => {
  assertEquals(checkTenant(GUID.toUpperCase()), GUID);
  assertEquals(checkTenant("Contoso.OnMicrosoft.com"), "contoso.onmicrosoft.com");
  for (const word of ["common", "organizations", "consumers"]) assertEquals(checkTenant(word), word);
});

Deno.test("checkTenant() rejects what would change the URL", () => {
  assertRefuses(checkTenant, [
    "",
    "contoso",
    "..",
    "a..b",
    ".contoso.com",
    "contoso.com.",
    "contoso.com/x",
    "contoso.com?x",
    "contoso.com#",
    "contoso.com@evil.example",
    "evil.example:443",
    "contoso .com",
    "-a.com",
    "a-.com",
    "10.0.0.1",
    "contoso.com\n",
    "cоntoso.com",
    "%2e%2e.com",
    GUID + "0",
    `${"a".repeat(64)}.com`,
  ]);
});

Deno.test("checkClientId() accepts a GUID, and returns lower case", () => {
  assertEquals(checkClientId(GUID.toUpperCase()), GUID);
  assertRefuses(checkClientId, [
    "",
    "my-app",
    `{${GUID}}`,
    GUID.replaceAll("-", ""),
    ` ${GUID}`,
    `${GUID}\n`,
  ]);
});

Deno.test("checkFlow() accepts our names and those of the .NET program, in any case", () => {
  for (const text of ["interactive", "Interactive", "InteractiveBrowser", "interactivebrowser"]) {
    assertEquals(checkFlow(text), "interactive");
  }
  assertRefuses(checkFlow, ["", "password", "constructor", "__proto__", "interactive "]);
});

Deno.test("checkDomainHint() accepts a domain and Entra's two words for kinds of accounts", () => {
  for (const text of ["contoso.com", "Contoso.onMicrosoft.com", "organizations", "Consumers"]) {
    assertEquals(checkDomainHint(text), text.toLowerCase());
  }
  assertRefuses(checkDomainHint, ["", "contoso", "ada@contoso.com", "contoso.com&x=1", "common", "a b.com"]);
});

Deno.test("checkAuthority() returns the base, and the tenant in the path", () => {
  const table: [string, string, string | null][] = [
    ["https://login.microsoftonline.com", "https://login.microsoftonline.com", null],
    ["https://login.microsoftonline.us/", "https://login.microsoftonline.us", null],
    ["HTTPS://Login.MicrosoftOnline.com:443", "https://login.microsoftonline.com", null],
    ["https://contoso.ciamlogin.com/Contoso.com", "https://contoso.ciamlogin.com", "contoso.com"],
    ["https://localhost:8443/common/", "https://localhost:8443", "common"],
    ["https://127.0.0.1:8443", "https://127.0.0.1:8443", null],
    ["https://[::1]:8443", "https://[::1]:8443", null],
  ];
  for (const [text, base, tenant] of table) {
    assertEquals(checkAuthority(text), { base, tenant, policy: null });
  }
});

Deno.test("checkAuthority() rejects every URL whose host is not plain", () => {
  assertRefuses(checkAuthority, [
    // The Kelvin sign, whose lower case is the letter k.
    "https://\u212aontoso.example",
    "",
    "login.microsoftonline.com",
    "http://login.microsoftonline.com",
    "ftp://login.microsoftonline.com",
    "https://",
    "https:login.microsoftonline.com",
    "https:\\\\login.microsoftonline.com",
    "https://user@login.microsoftonline.com",
    "https://login.microsoftonline.com@evil.example",
    "https://login.microsoftonline.com:x@evil.example",
    "https://login.microsoftonline.com?x",
    "https://login.microsoftonline.com/common?x=1",
    "https://login.microsoftonline.com#x",
    "https://login.microsoftonline.com/common/v2.0",
    "https://contoso.b2clogin.com/contoso.onmicrosoft.com/signin",
    "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_",
    "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_a/b",
    "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_a%2fb",
    "https://contoso.b2clogin.com//B2C_1_signin",
    "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_a?p=B2C_1_b",
    "https://login.microsoftonline.com//common",
    "https://login.microsoftonline.com/..",
    "https://login.microsoftonline.com/%2e%2e",
    "https://login.microsoftonline.com/common/..",
    "https://login.microsoftonline.com.",
    "https://login..microsoftonline.com",
    "https://.login.microsoftonline.com",
    "https://login.microsoftonline.com:99999",
    "https://login.microsoftonline.com:",
    "https://0x7f.1",
    "https://2130706433",
    "https://login.microsoftonline.com\t",
    "https://login.micro\nsoftonline.com",
    " https://login.microsoftonline.com",
    "https://lоgin.microsoftonline.com",
    "https://login%2emicrosoftonline.com",
    "https://login.microsoftonline.com\\@evil.example",
  ]);
});

Deno.test("checkAuthority() parses tenant and policy of B2C, with and without tfp", () => {
  const base = "https://contoso.b2clogin.com";
  const wanted = { base, tenant: "contoso.onmicrosoft.com", policy: "b2c_1_signin" };
  for (const path of ["contoso.onmicrosoft.com/B2C_1_signin", "tfp/Contoso.onmicrosoft.com/b2c_1_SignIn/"]) {
    assertEquals(checkAuthority(`${base}/${path}`), wanted);
  }
  assertEquals(checkAuthority(`${base}/contoso.com/B2C_1A_custom-flow`).policy, "b2c_1a_custom-flow");
  assertEquals(authorityText(wanted), `${base}/contoso.onmicrosoft.com/b2c_1_signin`);
  assertEquals(authorityText({ ...wanted, policy: null }), base);
});

Deno.test("tenantOfHost() returns the tenant of an External ID authority", () => {
  assertEquals(tenantOfHost(checkAuthority("https://Contoso.ciamlogin.com")), "contoso.onmicrosoft.com");
  for (
    const base of ["https://login.microsoftonline.com", "https://a.b.ciamlogin.com", "https://ciamlogin.com"]
  ) {
    assertEquals(tenantOfHost(checkAuthority(base)), null, base);
  }
});

Deno.test("checkAuthorityFlags() accepts either cloud or authority, and returns null for neither", () => {
  assertEquals(checkAuthorityFlags(undefined, undefined), null);
  assertEquals(checkAuthorityFlags("usgov", undefined)?.base, "https://login.microsoftonline.us");
  assertEquals(checkAuthorityFlags(undefined, "https://login.example")?.base, "https://login.example");
});
