import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path/from-file-url";
import { startProvider } from "../../../support/provider/provider.ts";
import { UserAgent } from "../../../support/browser/user_agent.ts";
import { PlainClient } from "../../../support/network/plain_client.ts";

const OTHER_TENANT = "99999999-2222-4333-8444-555555555555";

Deno.test("The discovery document has Entra's routes under the tenant", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const { json } = await client.get(`/${provider.tenantId}/v2.0/.well-known/openid-configuration`);
  const base = `${provider.origin}/${provider.tenantId}`;
  assertEquals(json.issuer, `${base}/v2.0`);
  assertEquals(json.issuer, provider.issuer);
  assertEquals(json.authorization_endpoint, `${base}/oauth2/v2.0/authorize`);
  assertEquals(json.token_endpoint, `${base}/oauth2/v2.0/token`);
  assertEquals(json.device_authorization_endpoint, `${base}/oauth2/v2.0/devicecode`);
  assertEquals(json.end_session_endpoint, `${base}/oauth2/v2.0/logout`);
  assertEquals(json.jwks_uri, `${base}/discovery/v2.0/keys`);
  assertEquals([json.http_logout_supported, json.frontchannel_logout_supported], [true, true]);
});

Deno.test("An alias has its own endpoints and a placeholder for the issuer's tenant", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  for (const alias of ["common", "organizations", "contoso.example"]) {
    const { json } = await client.get(`/${alias}/v2.0/.well-known/openid-configuration`);
    assertEquals(json.issuer, `${provider.origin}/{tenantid}/v2.0`);
    assertEquals(json.token_endpoint, `${provider.origin}/${alias}/oauth2/v2.0/token`);
  }
});

Deno.test("One provider serves several tenants and rejects others", async () => {
  await using provider = await startProvider({ otherTenantIds: [OTHER_TENANT.toUpperCase()] });
  using client = new PlainClient(provider);
  const { json } = await client.get(`/${OTHER_TENANT}/v2.0/.well-known/openid-configuration`);
  assertEquals(json.issuer, `${provider.origin}/${OTHER_TENANT}/v2.0`);
  const unknown = await client.get(
    "/88888888-2222-4333-8444-555555555555/v2.0/.well-known/openid-configuration",
  );
  assertEquals([unknown.status, unknown.json.error, unknown.json.error_codes], [400, "invalid_tenant", [
    90002,
  ]]);
});

Deno.test("The provider listens as localhost and as 127.0.0.1", async () => {
  await using provider = await startProvider();
  using http = Deno.createHttpClient({ caCerts: [provider.caPem] });
  for (const host of ["localhost", "127.0.0.1"]) {
    const response = await fetch(`https://${host}:${provider.port}/nothing/here`, { client: http });
    assertEquals([response.status, await response.text()], [
      404,
      "<html><body>404 - Not found</body></html>",
    ]);
  }
});

Deno.test("A client that does not trust the root fails in the handshake", async () => {
  await using provider = await startProvider();
  const error = await assertRejects(() => fetch(`${provider.origin}/common/discovery/v2.0/keys`), TypeError);
  assertMatch(Deno.inspect(error), /certificate/i);
  assertEquals(provider.requests, []);
  using client = new PlainClient(provider);
  assertEquals((await client.get("/common/discovery/v2.0/keys")).status, 200);
});

Deno.test("Requests are recorded, but not what users type", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  await client.refresh("a token");
  const [request] = provider.requests;
  assertEquals(request?.method, "POST");
  assertEquals(request?.endpoint, "token");
  assertEquals(request?.path, `/${provider.tenantId}/oauth2/v2.0/token`);
  assertEquals(request?.form, {
    client_id: provider.clientId,
    grant_type: "refresh_token",
    refresh_token: "a token",
  });
  assertEquals(provider.requestsTo("token").length, 1);
  assertEquals(provider.requestsTo("authorize").length, 0);
});

Deno.test("The provider sets no time after which it closes an idle connection", async () => {
  await using provider = await startProvider();
  using client = Deno.createHttpClient({ caCerts: [provider.caPem] });
  const response = await fetch(`${provider.origin}/common/v2.0/.well-known/openid-configuration`, { client });
  await response.body?.cancel();
  assertEquals([response.status, response.headers.get("keep-alive")], [200, null]);
});

Deno.test("stop() closes the port and can be called twice", async () => {
  const provider = await startProvider();
  using client = new PlainClient(provider);
  assertEquals((await client.get("/common/discovery/v2.0/keys")).status, 200);
  await provider.stop();
  await provider.stop();
  await assertRejects(() => client.get("/common/discovery/v2.0/keys"));
  // Whoever comes next may have the port.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: provider.port });
  assertEquals(listener.addr.transport, "tcp");
});

Deno.test("The issuer contains the tenant that the caller chose", async () => {
  await using provider = await startProvider({ tenantId: OTHER_TENANT });
  assertEquals(provider.issuer, `${provider.origin}/${OTHER_TENANT}/v2.0`);
});

Deno.test({
  name: "A provider in its own process serves a sign-in, writes only its line and ends on SIGINT",
  // No program can send SIGINT there.
  ignore: Deno.build.os === "windows",
}, async () => {
  const flags = Deno.env.get("DENO_FLAGS")?.split(" ").filter((flag) => flag !== "") ?? [];
  const serve = fromFileUrl(import.meta.resolve("../../../support/provider/serve.ts"));
  const config = fromFileUrl(import.meta.resolve("../../../../deno.json"));
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", `--config=${config}`, ...flags, serve],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: line = "" } = await stdout.read();
  const provider = JSON.parse(line);
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const { params } = await agent.authorize(await client.authorizationUrl(), provider);
  assertEquals((await client.redeem(params.code)).status, 200);
  child.kill("SIGINT");
  const { code } = await child.status;
  assertEquals((await stdout.read()).done, true);
  assertEquals([code, await stderr], [0, ""]);
});
