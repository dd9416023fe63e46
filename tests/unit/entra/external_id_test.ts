import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { createTokenClient } from "../../../src/entra/msal_token_client.ts";
import type { IssuedTokens } from "../../../src/entra/token_client.ts";
import { CliError } from "../../../src/errors.ts";
import { Secret } from "../../../src/secret.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { CLIENT_ID, jsonResponse, NOW_MS, OTHER_TENANT_ID, TENANT_ID } from "./entra_fixture.ts";
import { tinyAuthority, type TokenChanges, tokens } from "./tiny_authority.ts";

const ISSUER = `https://${TENANT_ID}.ciamlogin.com/${TENANT_ID}/v2.0`;
const DOMAIN = "contoso.onmicrosoft.com";
const NAMED = "https://contoso.ciamlogin.com";
const CUSTOM = "https://login.contoso.example";

/** Signs in at an authority that has the discovery document of External ID, and refreshes once. */
async function signIn(base: string, tenant: string, issuer = ISSUER, changes: TokenChanges = {}): Promise<{
  issued: IssuedTokens;
  urls: string[];
}> {
  const authority = tinyAuthority(() => jsonResponse({}));
  authority.metadata = jsonResponse({
    issuer,
    authorization_endpoint: `${base}/${TENANT_ID}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/${TENANT_ID}/oauth2/v2.0/token`,
    jwks_uri: `${base}/${TENANT_ID}/discovery/v2.0/keys`,
  });
  const client = createTokenClient({
    profile: "default",
    authority: base,
    tenant,
    clientId: CLIENT_ID,
    network: authority.network,
    clock: new FakeClock(NOW_MS),
    signal: new AbortController().signal,
  });
  const options = { scopes: ["api://app/Files.Read"] };
  const transaction = await client.beginSignIn(options);
  const url = await transaction.authorizationUrl("http://localhost:50000");
  authority.answer = () =>
    tokens(new URL(url).searchParams.get("nonce"), { claims: { iss: issuer }, ...changes });
  const issued = await transaction.redeem(new Secret("the-code"));
  authority.answer = () => tokens(null, { claims: { iss: issuer } });
  if (issued.token.account === null) throw new Error("no account");
  await client.refresh(issued.cache, issued.token.account, options);
  return { issued, urls: [url, ...authority.network.requests.map((request) => request.url)] };
}

Deno.test("External ID signs in by name, by domain, by tenant id and on a domain of one's own", async () => {
  const table = [[NAMED, DOMAIN], [NAMED, TENANT_ID], [CUSTOM, TENANT_ID]] as const;
  for (const [base, tenant] of table) {
    const { issued, urls } = await signIn(base, tenant);
    assertEquals(issued.token.account?.tenantId, TENANT_ID, `${base}/${tenant}`);
    for (const url of urls) assertEquals(new URL(url).origin, base);
    assertStringIncludes(urls[1] ?? "", `/${tenant}/v2.0/.well-known/openid-configuration`);
  }
});

Deno.test("External ID on a domain of one's own needs the tenant's id, and says which it would be", async () => {
  for (const tenant of [DOMAIN, OTHER_TENANT_ID]) {
    const error = await assertRejects(() => signIn(CUSTOM, tenant), CliError);
    assertEquals(error.code, "invalid_response");
    assertStringIncludes(error.hint ?? "", `--tenant-id ${TENANT_ID}`);
  }
});

Deno.test("External ID takes no token of another tenant's issuer", async () => {
  const claims = { iss: ISSUER.replaceAll(TENANT_ID, OTHER_TENANT_ID), tid: OTHER_TENANT_ID };
  for (const tenant of [DOMAIN, TENANT_ID]) {
    await assertRejects(() => signIn(NAMED, tenant, ISSUER, { claims }), CliError);
  }
});
