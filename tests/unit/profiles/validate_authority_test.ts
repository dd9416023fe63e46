import { assertEquals } from "@std/assert";
import {
  authorityText,
  checkAuthority,
  checkAuthorityFlags,
  tenantOfHost,
} from "../../../src/profiles/validate_fields.ts";
import { assertRefuses } from "../../support/fixtures/assert_refuses.ts";

Deno.test("checkAuthority() gives the base, and the tenant that its path names", () => {
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

Deno.test("checkAuthority() refuses every URL that isn't plainly one host", () => {
  assertRefuses(checkAuthority, [
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

Deno.test("checkAuthority() takes tenant and policy of B2C, with and without tfp", () => {
  const base = "https://contoso.b2clogin.com";
  const wanted = { base, tenant: "contoso.onmicrosoft.com", policy: "b2c_1_signin" };
  for (const path of ["contoso.onmicrosoft.com/B2C_1_signin", "tfp/Contoso.onmicrosoft.com/b2c_1_SignIn/"]) {
    assertEquals(checkAuthority(`${base}/${path}`), wanted);
  }
  assertEquals(checkAuthority(`${base}/contoso.com/B2C_1A_custom-flow`).policy, "b2c_1a_custom-flow");
  assertEquals(authorityText(wanted), `${base}/contoso.onmicrosoft.com/b2c_1_signin`);
  assertEquals(authorityText({ ...wanted, policy: null }), base);
});

Deno.test("tenantOfHost() knows the tenant of an External ID authority that names none", () => {
  assertEquals(tenantOfHost(checkAuthority("https://Contoso.ciamlogin.com")), "contoso.onmicrosoft.com");
  for (
    const base of ["https://login.microsoftonline.com", "https://a.b.ciamlogin.com", "https://ciamlogin.com"]
  ) {
    assertEquals(tenantOfHost(checkAuthority(base)), null, base);
  }
});

Deno.test("checkAuthorityFlags() takes one of cloud and authority, and none for neither", () => {
  assertEquals(checkAuthorityFlags(undefined, undefined), null);
  assertEquals(checkAuthorityFlags("usgov", undefined)?.base, "https://login.microsoftonline.us");
  assertEquals(checkAuthorityFlags(undefined, "https://login.example")?.base, "https://login.example");
});
