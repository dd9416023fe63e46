import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { entraAuthority } from "../../../src/entra/authority.ts";
import { validateMetadata } from "../../../src/entra/metadata.ts";
import {
  BASE,
  goodMetadata,
  HOST,
  OTHER_TENANT_ID,
  TENANT_ID,
} from "../../support/fixtures/entra_fixture.ts";

const AUTHORITY = entraAuthority(BASE, TENANT_ID);

Deno.test("validateMetadata() returns the issuer and whether responses name it", () => {
  const issuer = `${BASE}/${TENANT_ID}/v2.0`;
  assertEquals(validateMetadata(goodMetadata(), AUTHORITY), { issuer, namesIssuerInResponse: false });
  for (const [value, expected] of [[true, true], [false, false], ["true", false], [1, false]] as const) {
    const body = { ...goodMetadata(), authorization_response_iss_parameter_supported: value };
    assertEquals(validateMetadata(body, AUTHORITY).namesIssuerInResponse, expected);
  }
});

Deno.test("validateMetadata() keeps the issuer unchanged with its placeholder", () => {
  const issuer = `${BASE}/{tenantid}/v2.0`;
  assertEquals(validateMetadata({ ...goodMetadata(), issuer }, AUTHORITY).issuer, issuer);
});

Deno.test("validateMetadata() rejects an endpoint or issuer without https or on another host", () => {
  const foreign = [
    undefined,
    null,
    "",
    1,
    {},
    [`https://${HOST}/x`],
    "not a url",
    "/oauth2/v2.0/token",
    `http://${HOST}/x`,
    "https://login.example/x",
    "https://login.example:8444/x",
    `https://evil.${HOST}/x`,
    `https://${HOST}.evil.example/x`,
    `https://${HOST}@evil.example/x`,
    "javascript:alert(1)",
  ];
  for (const name of ["authorization_endpoint", "token_endpoint", "issuer"]) {
    for (const value of foreign) {
      const error = assertThrows(
        () => validateMetadata({ ...goodMetadata(), [name]: value }, AUTHORITY),
        CliError,
        name,
        `${name}: ${value}`,
      );
      assertEquals(error.code, "invalid_response");
      assertStringIncludes(error.message, HOST);
    }
  }
});

Deno.test("validateMetadata() accepts External ID's issuer, whose host contains the tenant", () => {
  const named = entraAuthority("https://contoso.ciamlogin.com", TENANT_ID);
  const document = {
    issuer: `https://${TENANT_ID}.ciamlogin.com/${TENANT_ID}/v2.0`,
    authorization_endpoint: `https://contoso.ciamlogin.com/${TENANT_ID}/oauth2/v2.0/authorize`,
    token_endpoint: `https://contoso.ciamlogin.com/${TENANT_ID}/oauth2/v2.0/token`,
  };
  assertEquals(validateMetadata(document, named).issuer, document.issuer);
  for (const issuer of ["https://evilciamlogin.com/x", "https://x.ciamlogin.com.evil.example/x", BASE]) {
    assertThrows(() => validateMetadata({ ...document, issuer }, named), CliError, "issuer");
  }
  assertEquals(
    validateMetadata({ ...goodMetadata(), issuer: document.issuer }, AUTHORITY).issuer,
    document.issuer,
  );
  for (const issuer of [document.issuer.replaceAll(TENANT_ID, OTHER_TENANT_ID), `${document.issuer}/x`]) {
    assertThrows(() => validateMetadata({ ...goodMetadata(), issuer }, AUTHORITY), CliError);
  }
});
