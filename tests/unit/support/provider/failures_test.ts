import { assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { ADA } from "../../../support/provider/directory.ts";
import { type Provider, startProvider } from "../../../support/provider/provider.ts";
import { UserAgent } from "../../../support/browser/user_agent.ts";
import { PlainClient } from "../../../support/network/plain_client.ts";

async function signInAndRedeem(provider: Provider, client: PlainClient) {
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  return await client.redeem(params.code);
}

Deno.test("failNext() makes one request fail with one of Entra's errors", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const { json: first } = await signInAndRedeem(provider, client);
  provider.failNext("token", {
    kind: "entraError",
    status: 400,
    error: "invalid_grant",
    aadsts: 50076,
    description: "You must use multi-factor authentication.",
    suberror: "basic_action",
    claims: '{"access_token":{}}',
  });
  const { status, json } = await client.refresh(first.refresh_token);
  assertEquals([status, json.error, json.suberror], [400, "invalid_grant", "basic_action"]);
  assertEquals(json.error_codes, [50076]);
  assertEquals(json.claims, '{"access_token":{}}');
  assertMatch(
    String(json.error_description),
    /^AADSTS50076: You must use multi-factor authentication\.\r\nTrace ID: /,
  );
  assertEquals((await client.refresh(first.refresh_token)).status, 200);
});

Deno.test("failNext() called twice makes the next two requests fail in that order", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  provider.failNext("token", { kind: "response", status: 503, body: "{}", headers: { "retry-after": "1" } });
  provider.failNext("token", { kind: "response", status: 429, body: '{"a":1}' });
  const first = await client.refresh("any");
  assertEquals([first.status, first.json, first.headers.get("retry-after")], [503, {}, "1"]);
  const second = await client.refresh("any");
  assertEquals([second.status, second.json], [429, { a: 1 }]);
  assertEquals((await client.refresh("any")).status, 400);
});

Deno.test("A rewrite changes the genuine token response", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  provider.failNext("token", {
    kind: "rewrite",
    rewrite: ({ id_token: _, ...rest }) => ({ ...rest, token_type: "mac" }),
  });
  const { status, json } = await signInAndRedeem(provider, client);
  assertEquals([status, json.token_type, "id_token" in json], [200, "mac", false]);
  assertEquals(typeof json.access_token, "string");
});

Deno.test("A rewrite at authorize waits for the callback and changes its parameters", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  provider.failNext("authorize", {
    kind: "rewrite",
    rewrite: (genuine) => ({ ...genuine, state: "another" }),
  });
  const { params } = await agent.authorize(await client.authorizationUrl(), ADA);
  assertEquals([params.state, typeof params.code], ["another", "string"]);
});

Deno.test("One of Entra's errors at authorize goes to the redirect URI", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  provider.failNext("authorize", { kind: "entraError", error: "server_error", aadsts: 90033 });
  const { method, params } = await agent.authorize(await client.authorizationUrl(), ADA);
  assertEquals([method, params.error, params.state], ["POST", "server_error", "a state"]);
  assertMatch(params.error_description ?? "", /^AADSTS90033: /);
});

Deno.test("Changed claims are signed with the provider's own key", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  provider.failNext("token", {
    kind: "claims",
    token: "id_token",
    change: (claims) => ({ ...claims, tid: "22222222-0000-4000-8000-000000000000" }),
  });
  const { json } = await signInAndRedeem(provider, client);
  const { json: keys } = await client.get(`/${provider.tenantId}/discovery/v2.0/keys`);
  const published = createLocalJWKSet(keys as unknown as Parameters<typeof createLocalJWKSet>[0]);
  const { payload } = await jwtVerify(String(json.id_token), published);
  assertEquals(payload.tid, "22222222-0000-4000-8000-000000000000");
  assertEquals(payload.nonce, "a nonce");
  assertEquals(decodeJwt(String(json.access_token)).tid, provider.tenantId);
});

Deno.test("A reset breaks the connection, and the next request works", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  provider.failNext("discovery", { kind: "reset" });
  const path = `/${provider.tenantId}/v2.0/.well-known/openid-configuration`;
  await assertRejects(() => client.get(path), TypeError);
  assertEquals((await client.get(path)).json.issuer, provider.issuer);
  assertEquals(provider.requestsTo("discovery").length, 2);
});

Deno.test("A held response is sent when the test releases it", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const release = Promise.withResolvers<void>();
  const order: string[] = [];
  provider.failNext("keys", { kind: "hold", until: release.promise.then(() => order.push("released")) });
  const answer = client.get(`/${provider.tenantId}/discovery/v2.0/keys`).then(({ status }) => {
    order.push("answered");
    return status;
  });
  // Another request gets through meanwhile.
  assertEquals((await client.refresh("any")).status, 400);
  release.resolve();
  assertEquals(await answer, 200);
  assertEquals(order, ["released", "answered"]);
});

Deno.test("A held response can end in a failure", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const then = { kind: "response", status: 500, body: "{}" } as const;
  provider.failNext("token", { kind: "hold", until: Promise.resolve(), then });
  assertEquals((await client.refresh("any")).status, 500);
});

Deno.test("stop() releases a response that is held forever", async () => {
  const provider = await startProvider();
  using client = new PlainClient(provider);
  const arrived = Promise.withResolvers<void>();
  const until = new Promise<void>(() => {});
  provider.failNext("token", {
    kind: "hold",
    until: {
      then: (...handlers: Parameters<typeof until.then>) => {
        arrived.resolve();
        return until.then(...handlers);
      },
    } as Promise<void>,
  });
  const answer = client.refresh("any");
  await arrived.promise;
  const refused = assertRejects(() => answer);
  await provider.stop();
  await refused;
});

Deno.test("Failures are counted by endpoint", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  provider.failNext("devicecode", { kind: "response", status: 502, body: "{}" });
  assertEquals((await client.refresh("any")).status, 400);
  const device = await client.post("devicecode", { client_id: provider.clientId, scope: "openid" });
  assertEquals(device.status, 502);
  const genuine = await client.post("devicecode", { client_id: provider.clientId, scope: "openid" });
  assertNotEquals(genuine.json.device_code, undefined);
});
