import { assertEquals } from "@std/assert";
import {
  acceptsIssuer,
  type Authority,
  type AuthorityMetadata,
  entraAuthority,
  expectedIssuer,
  fixedTenantId,
} from "../../../src/entra/authority.ts";
import { OTHER_TENANT_ID, TENANT_ID } from "../../support/fixtures/entra_fixture.ts";

const PUBLIC = "https://login.microsoftonline.com";
const CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad";

Deno.test("entraAuthority() joins base and tenant and keeps a port other than 443", () => {
  const table: [string, string, Authority][] = [
    [PUBLIC, TENANT_ID, {
      url: `${PUBLIC}/${TENANT_ID}`,
      host: "login.microsoftonline.com",
      tenant: TENANT_ID,
    }],
    [`${PUBLIC}/`, "common", {
      url: `${PUBLIC}/common`,
      host: "login.microsoftonline.com",
      tenant: "common",
    }],
    [`${PUBLIC}:443`, "common", {
      url: `${PUBLIC}/common`,
      host: "login.microsoftonline.com",
      tenant: "common",
    }],
    ["https://login.microsoftonline.us", "contoso.us", {
      url: "https://login.microsoftonline.us/contoso.us",
      host: "login.microsoftonline.us",
      tenant: "contoso.us",
    }],
    ["https://localhost:8443", TENANT_ID, {
      url: `https://localhost:8443/${TENANT_ID}`,
      host: "localhost:8443",
      tenant: TENANT_ID,
    }],
  ];
  for (const [base, tenant, expected] of table) assertEquals(entraAuthority(base, tenant), expected);
});

Deno.test("entraAuthority() drops a user name in the base from URL and host", () => {
  const authority = entraAuthority("https://login.microsoftonline.com@evil.example", "common");
  assertEquals(authority, { url: "https://evil.example/common", host: "evil.example", tenant: "common" });
});

Deno.test("fixedTenantId() returns a tenant only for GUIDs and consumers", () => {
  const table: [string, string | null][] = [
    [TENANT_ID, TENANT_ID],
    ["AAAAAAAA-2222-4333-8444-55555555FFFF", "aaaaaaaa-2222-4333-8444-55555555ffff"],
    ["consumers", CONSUMERS],
    ["Consumers", CONSUMERS],
    ["common", null],
    ["organizations", null],
    ["contoso.onmicrosoft.com", null],
    [`${TENANT_ID}x`, null],
  ];
  for (const [tenant, expected] of table) assertEquals(fixedTenantId(tenant), expected, tenant);
});

Deno.test("expectedIssuer() uses the authority's host without discovered metadata", () => {
  const table: [string, string][] = [
    [PUBLIC, `${PUBLIC}/${TENANT_ID}/v2.0`],
    ["https://login.microsoftonline.us", `https://login.microsoftonline.us/${TENANT_ID}/v2.0`],
    [
      "https://login.partner.microsoftonline.cn",
      `https://login.partner.microsoftonline.cn/${TENANT_ID}/v2.0`,
    ],
    ["https://localhost:8443", `https://localhost:8443/${TENANT_ID}/v2.0`],
  ];
  for (const [base, expected] of table) {
    assertEquals(expectedIssuer(entraAuthority(base, "common"), null, TENANT_ID), expected);
  }
});

Deno.test("expectedIssuer() replaces only the placeholder of a discovered issuer", () => {
  const authority = entraAuthority(PUBLIC, "common");
  const metadata = { issuer: `${PUBLIC}/{tenantid}/v2.0`, namesIssuerInResponse: false };
  assertEquals(expectedIssuer(authority, metadata, TENANT_ID), `${PUBLIC}/${TENANT_ID}/v2.0`);
  assertEquals(expectedIssuer(authority, metadata, "$&"), `${PUBLIC}/$&/v2.0`);
  const fixed = {
    issuer: `https://${TENANT_ID}.ciamlogin.com/${TENANT_ID}/v2.0`,
    namesIssuerInResponse: false,
  };
  assertEquals(expectedIssuer(authority, fixed, OTHER_TENANT_ID), fixed.issuer);
});

Deno.test("acceptsIssuer() compares exactly and requires an issuer only if one was promised", () => {
  const named = (promised: boolean): AuthorityMetadata => ({
    issuer: `${PUBLIC}/{tenantid}/v2.0`,
    namesIssuerInResponse: promised,
  });
  const right = `${PUBLIC}/${TENANT_ID}/v2.0`;
  const table: [string, AuthorityMetadata | null, string | null, boolean][] = [
    [TENANT_ID, null, null, true],
    [TENANT_ID, named(false), null, true],
    [TENANT_ID, named(true), null, false],
    [TENANT_ID, null, right, true],
    [TENANT_ID, named(true), right, true],
    [TENANT_ID.toUpperCase(), null, right, true],
    [TENANT_ID, null, "", false],
    [TENANT_ID, null, `${right}/`, false],
    [TENANT_ID, null, right.toUpperCase(), false],
    [TENANT_ID, null, right.replace("https", "http"), false],
    [TENANT_ID, null, right.replace("login.", "evil."), false],
    [TENANT_ID, null, `${PUBLIC}/${OTHER_TENANT_ID}/v2.0`, false],
    ["common", null, `${PUBLIC}/${OTHER_TENANT_ID}/v2.0`, true],
    ["common", null, `https://evil.example/${TENANT_ID}/v2.0`, false],
    ["common", null, `${PUBLIC}/${TENANT_ID}/v2.0/evil`, false],
    ["contoso.example", null, right, true],
    ["consumers", null, `${PUBLIC}/${CONSUMERS}/v2.0`, true],
    ["consumers", null, right, false],
  ];
  for (const [tenant, metadata, issuer, expected] of table) {
    const verdict = acceptsIssuer(entraAuthority(PUBLIC, tenant), metadata, issuer);
    assertEquals(verdict, expected, `${tenant}: ${issuer}`);
  }
});
