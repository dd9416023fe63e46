import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { OTHER_TENANT_ID, TENANT_ID } from "../../support/fixtures/entra_fixture.ts";
import { signInAt } from "../../support/fixtures/sign_in_at.ts";
import type { TokenChanges } from "../../support/fixtures/tiny_authority.ts";

const ISSUER = `https://${TENANT_ID}.ciamlogin.com/${TENANT_ID}/v2.0`;
const DOMAIN = "contoso.onmicrosoft.com";
const NAMED = "https://contoso.ciamlogin.com";
const CUSTOM = "https://login.contoso.example";

function signIn(base: string, tenant: string, changes: TokenChanges = {}): ReturnType<typeof signInAt> {
  return signInAt({ base, tenant, issuer: ISSUER, endpoints: `${base}/${TENANT_ID}`, changes });
}

Deno.test("External ID signs in by name, by domain, by tenant ID and on a custom domain", async () => {
  const table = [[NAMED, DOMAIN], [NAMED, TENANT_ID], [CUSTOM, TENANT_ID]] as const;
  for (const [base, tenant] of table) {
    const { issued, urls } = await signIn(base, tenant);
    assertEquals(issued.token.account?.tenantId, TENANT_ID, `${base}/${tenant}`);
    for (const url of urls) assertEquals(new URL(url).origin, base);
    assertStringIncludes(urls[1] ?? "", `/${tenant}/v2.0/.well-known/openid-configuration`);
  }
});

Deno.test("External ID on a custom domain requires the tenant ID, and the error names it", async () => {
  for (const tenant of [DOMAIN, OTHER_TENANT_ID]) {
    const error = await assertRejects(() => signIn(CUSTOM, tenant), CliError);
    assertEquals(error.code, "invalid_response");
    assertStringIncludes(error.hint ?? "", `--tenant-id ${TENANT_ID}`);
  }
});

Deno.test("External ID's token is rejected if another tenant issued it", async () => {
  const claims = { iss: ISSUER.replaceAll(TENANT_ID, OTHER_TENANT_ID), tid: OTHER_TENANT_ID };
  for (const tenant of [DOMAIN, TENANT_ID]) {
    await assertRejects(() => signIn(NAMED, tenant, { claims }), CliError);
  }
});
