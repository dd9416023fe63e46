import { assert, assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { ADA, CONFIDENTIAL_APPLICATION } from "../../../support/provider/directory.ts";
import { startProvider } from "../../../support/provider/provider.ts";
import { UserAgent } from "../../../support/browser/user_agent.ts";
import { PlainClient } from "../../../support/network/plain_client.ts";

Deno.test("A token response has the members of Entra's", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const { status, json } = await client.redeem(params.code);

  assertEquals(status, 200);
  assertEquals(json.token_type, "Bearer");
  assertEquals(json.expires_in, 3600);
  assertEquals(json.ext_expires_in, 3600);
  assertEquals(json.scope, "openid profile email User.Read");
  const info = JSON.parse(atob(String(json.client_info).replaceAll("-", "+").replaceAll("_", "/")));
  assertEquals(info, { uid: ADA.objectId, utid: provider.tenantId });
  assertEquals(params.client_info, json.client_info);
  assertEquals(typeof json.refresh_token, "string");
});

Deno.test("Tokens are signed with a published key and have Entra's claims", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const { json } = await client.redeem(params.code);
  const { json: keys } = await client.get(`/${provider.tenantId}/discovery/v2.0/keys`);
  const published = createLocalJWKSet(keys as unknown as Parameters<typeof createLocalJWKSet>[0]);

  const { issuer } = provider;
  const access = await jwtVerify(String(json.access_token), published, {
    issuer,
    audience: "https://graph.microsoft.com",
    typ: "JWT",
  });
  assertEquals(access.payload.tid, provider.tenantId);
  assertEquals(access.payload.oid, ADA.objectId);
  assertEquals(access.payload.preferred_username, ADA.username);
  assertEquals(access.payload.scp, "User.Read openid profile email");
  assertEquals(access.payload.azp, provider.clientId);
  assertEquals(access.payload.ver, "2.0");
  assertEquals("scope" in access.payload, false);

  const id = await jwtVerify(String(json.id_token), published, { issuer, audience: provider.clientId });
  assertEquals(id.payload.tid, provider.tenantId);
  assertEquals(id.payload.oid, ADA.objectId);
  assertEquals(id.payload.name, ADA.name);
  assertEquals(id.payload.preferred_username, ADA.username);
  assertEquals(id.payload.nonce, "a nonce");
  assertNotEquals(id.payload.sub, ADA.objectId);
});

const ASKED_AND_ANSWERED: [asked: string, answered: string, audience: string, permissions: string][] = [
  [
    "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read",
    "https://graph.microsoft.com/User.Read https://graph.microsoft.com/Mail.Read",
    "https://graph.microsoft.com",
    "User.Read Mail.Read openid profile email",
  ],
  [
    "https://graph.microsoft.com/.default",
    "https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default",
    "https://graph.microsoft.com",
    "User.Read openid profile email",
  ],
  ["api://orders/Read", "api://orders/Read", "api://orders", "Read"],
  [
    "https://vault.azure.net/.default",
    "https://vault.azure.net/user_impersonation https://vault.azure.net/.default",
    "https://vault.azure.net",
    "user_impersonation",
  ],
];

for (const [asked, answered, audience, permissions] of ASKED_AND_ANSWERED) {
  Deno.test(`The scope ${asked} results in Entra's response`, async () => {
    await using provider = await startProvider();
    using client = new PlainClient(provider);
    using agent = new UserAgent(provider);
    const url = await client.authorizationUrl({ scope: `${asked} openid profile offline_access` });
    const { params } = await agent.authorize(url, ADA);
    const { json } = await client.redeem(params.code);
    assertEquals(json.scope, `openid profile email ${answered}`);
    const claims = decodeJwt(String(json.access_token));
    assertEquals(claims.aud, audience);
    assertEquals(claims.scp, permissions);
    const { json: refreshed } = await client.refresh(json.refresh_token, asked);
    assertEquals(refreshed.scope, json.scope);
    assertEquals(provider.faults, []);
  });
}

Deno.test("Without offline_access there is no refresh token", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl({ scope: "openid User.Read" }), ADA);
  const { json } = await client.redeem(params.code);
  assertEquals("refresh_token" in json, false);
});

Deno.test("A code can be redeemed once, and a second attempt revokes the tokens of the first", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const { json: first } = await client.redeem(params.code);
  const second = await client.redeem(params.code);
  assertEquals(second.status, 400);
  assertEquals(second.json.error, "invalid_grant");
  assertEquals(second.json.error_codes, [54005]);
  assertEquals((await client.refresh(first.refresh_token)).status, 400);
});

Deno.test("A wrong code verifier is rejected", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const wrong = await client.redeem(params.code, { code_verifier: "b".repeat(43) });
  assertEquals([wrong.status, wrong.json.error, wrong.json.error_codes], [400, "invalid_grant", [501481]]);
  const none = await client.redeem(params.code, { code_verifier: undefined });
  assertEquals([none.status, none.json.error_codes], [400, [501481]]);
});

Deno.test("A code redeemed for another redirect URI is rejected", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const answer = await client.redeem(params.code, { redirect_uri: "http://localhost:50000/" });
  assertEquals([answer.status, answer.json.error_codes], [400, [500112]]);
});

Deno.test("Refresh tokens rotate, and reusing an old one revokes the new one", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const { json: first } = await client.redeem(params.code);
  const { json: second } = await client.refresh(first.refresh_token);
  assertEquals(typeof second.refresh_token, "string");
  assertNotEquals(second.refresh_token, first.refresh_token);
  const replayed = await client.refresh(first.refresh_token);
  assertEquals([replayed.status, replayed.json.error, replayed.json.error_codes], [400, "invalid_grant", [
    50173,
  ]]);
  assertEquals((await client.refresh(second.refresh_token)).json.error, "invalid_grant");
});

Deno.test("Revoking one sign-in does not affect the user's others", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const url = await client.authorizationUrl();
  const { json: one } = await client.redeem((await agent.authorize(url, ADA)).params.code);
  const { json: other } = await client.redeem((await agent.authorize(url, ADA)).params.code);
  await client.refresh(one.refresh_token);
  await client.refresh(one.refresh_token);
  assertEquals((await client.refresh(other.refresh_token)).status, 200);
});

Deno.test("A refresh for a scope without consent fails as in Entra", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const { json } = await client.redeem(params.code);
  const { json: error } = await client.refresh(json.refresh_token, "Mail.Send");
  assertEquals(error.error, "invalid_grant");
  assertEquals(error.suberror, "consent_required");
  assertEquals(error.error_codes, [65001]);
});

Deno.test("setAccessTokenTtl() changes the lifetime of the next tokens", async () => {
  await using provider = await startProvider({ accessTokenTtl: 60 });
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  const { json: first } = await client.redeem(params.code);
  assertEquals(first.expires_in, 60);
  provider.setAccessTokenTtl(5);
  const { json: second } = await client.refresh(first.refresh_token);
  assertEquals([second.expires_in, second.ext_expires_in], [5, 5]);
  const { exp = 0, iat = 0 } = decodeJwt(String(second.access_token));
  assertEquals(exp - iat, 5);
});

Deno.test("An application gets its own token with its secret", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const request = {
    client_id: CONFIDENTIAL_APPLICATION.clientId,
    client_secret: CONFIDENTIAL_APPLICATION.secret,
    grant_type: "client_credentials",
    scope: "https://graph.microsoft.com/.default",
  };
  const { status, json } = await client.token(request);
  assertEquals(status, 200);
  assertEquals(Object.keys(json).sort(), ["access_token", "expires_in", "ext_expires_in", "token_type"]);
  const claims = decodeJwt(String(json.access_token));
  assertEquals(claims.aud, "https://graph.microsoft.com");
  assertEquals(claims.idtyp, "app");
  assertEquals(claims.oid, CONFIDENTIAL_APPLICATION.objectId);

  const { json: wrong } = await client.token({ ...request, client_secret: "wrong" });
  assertEquals([wrong.error, wrong.error_codes], ["invalid_client", [7000215]]);
  const { json: unknown } = await client.token({ ...request, client_id: crypto.randomUUID() });
  assertEquals([unknown.error, unknown.error_codes], ["unauthorized_client", [700016]]);
});

Deno.test("Errors have Entra's form", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const { status, json } = await client.redeem("no such code");
  assertEquals(status, 400);
  assertMatch(
    String(json.error_description),
    /^AADSTS70008: .+\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: [0-9a-f-]{36}\r\nTimestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/,
  );
  assertEquals(json.error_codes, [70008]);
  assert(String(json.error_description).includes(String(json.correlation_id)));
  assert(String(json.error_description).includes(String(json.trace_id)));
  assert(String(json.error_description).includes(String(json.timestamp)));
  const { json: unsupported } = await client.token({ grant_type: "password", username: "a", password: "b" });
  assertEquals([unsupported.error, unsupported.error_codes], ["unsupported_grant_type", [70003]]);
});

Deno.test("An error repeats the client's correlation ID", async () => {
  await using provider = await startProvider();
  using http = Deno.createHttpClient({ caCerts: [provider.caPem] });
  const id = crypto.randomUUID();
  const response = await fetch(`${provider.origin}/${provider.tenantId}/oauth2/v2.0/token`, {
    client: http,
    method: "POST",
    headers: { "client-request-id": id },
    body: new URLSearchParams({
      client_id: provider.clientId,
      grant_type: "refresh_token",
      refresh_token: "none",
    }),
  });
  assertEquals((await response.json()).correlation_id, id);
});
