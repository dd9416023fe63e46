import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { OBJECT_ID, OTHER_TENANT_ID, TENANT_ID } from "../../support/fixtures/entra_fixture.ts";
import { signInAt } from "../../support/fixtures/sign_in_at.ts";

const BASE = "https://contoso.b2clogin.com";
const DOMAIN = "contoso.onmicrosoft.com";
const POLICY = "b2c_1_signin";

/** The token of a policy has no `tid`, `oid` or user name, but the user's addresses. */
const CLAIMS = {
  tid: undefined,
  oid: undefined,
  sub: OBJECT_ID,
  preferred_username: undefined,
  emails: ["ada@contoso.example"],
  tfp: "B2C_1_signin",
};

function signIn(tenant: string, issuer = `${BASE}/${TENANT_ID}/v2.0/`, claims: object = CLAIMS) {
  return signInAt({
    base: BASE,
    tenant,
    issuer,
    endpoints: `${BASE}/${tenant}`,
    changes: { uid: `${OBJECT_ID}-${POLICY}`, claims: { ...claims } },
  });
}

Deno.test("B2C signs in and refreshes with a policy at the policy's own endpoints", async () => {
  for (const tenant of [`${DOMAIN}/${POLICY}`, `${TENANT_ID}/${POLICY}`]) {
    const { issued, urls } = await signIn(tenant);
    assertEquals(issued.token.account, {
      homeAccountId: `${OBJECT_ID}-${POLICY}.${TENANT_ID}`,
      username: "ada@contoso.example",
      objectId: OBJECT_ID,
      tenantId: TENANT_ID,
    });
    const paths = urls.map((url) => new URL(url).pathname);
    assertEquals(paths[0], `/${tenant}/oauth2/v2.0/authorize`);
    assertEquals(paths[1], `/${tenant}/v2.0/.well-known/openid-configuration`);
    assertEquals(new Set(paths.slice(2)).size, 1, "the token endpoint, for the refresh too");
    for (const url of urls) assertEquals(new URL(url).origin, BASE);
  }
});

Deno.test("B2C's issuer may contain the policy, and the token may contain optional claims", async () => {
  const { issued } = await signIn(`${DOMAIN}/${POLICY}`, `${BASE}/tfp/${TENANT_ID}/${POLICY}/v2.0/`, {
    ...CLAIMS,
    sub: "not the user's id",
    oid: OBJECT_ID,
    tid: TENANT_ID,
    preferred_username: "ada",
  });
  assertEquals(issued.token.account?.username, "ada");
});

Deno.test("B2C's token is rejected if its issuer names another tenant or none", async () => {
  const other = await assertRejects(
    () => signIn(`${TENANT_ID}/${POLICY}`, `${BASE}/${OTHER_TENANT_ID}/v2.0/`),
    CliError,
  );
  assertEquals(other.code, "wrong_account");
  const nameless = await assertRejects(() => signIn(`${DOMAIN}/${POLICY}`, `${BASE}/v2.0/`), CliError);
  assertStringIncludes(nameless.message, "iss names no tenant");
});
