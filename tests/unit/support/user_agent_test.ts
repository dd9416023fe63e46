import { assertEquals, assertRejects } from "@std/assert";
import { ADA } from "../../support/provider/directory.ts";
import { startProvider } from "../../support/provider/provider.ts";
import { authorize, signIn, SignInStuck, UserAgent } from "../../support/browser/user_agent.ts";
import { startLoopback } from "../../support/network/loopback_server.ts";
import { PlainClient } from "../../support/network/plain_client.ts";

Deno.test("signIn() posts the redirect as a browser does and returns the page", async () => {
  await using provider = await startProvider();
  await using loopback = startLoopback();
  using client = new PlainClient(provider);
  const url = await client.authorizationUrl({ redirect_uri: loopback.redirectUri });
  const page = await signIn(url, { ...ADA, caPem: provider.caPem });
  assertEquals([page.status, page.body], [200, loopback.page]);
  const [request] = loopback.requests;
  assertEquals(request?.method, "POST");
  assertEquals(request?.headers.get("origin"), "null");
  assertEquals(request?.headers.get("content-type"), "application/x-www-form-urlencoded");
  assertEquals(new URLSearchParams(request?.body).get("state"), "a state");
});

Deno.test("signIn() follows a redirect with response_mode query", async () => {
  await using provider = await startProvider();
  await using loopback = startLoopback();
  using client = new PlainClient(provider);
  const url = await client.authorizationUrl({ redirect_uri: loopback.redirectUri, response_mode: "query" });
  const page = await signIn(url, { ...ADA, caPem: provider.caPem });
  assertEquals(page.status, 200);
  const [request] = loopback.requests;
  assertEquals([request?.method, request?.url.searchParams.get("state")], ["GET", "a state"]);
});

Deno.test("authorize() delivers nothing, and deliver() delivers on each call", async () => {
  await using provider = await startProvider();
  await using loopback = startLoopback();
  using client = new PlainClient(provider);
  const url = await client.authorizationUrl({ redirect_uri: loopback.redirectUri });
  const callback = await authorize(url, { ...ADA, caPem: provider.caPem });
  assertEquals(loopback.requests, []);
  using agent = new UserAgent(provider);
  await agent.deliver({ ...callback, params: { ...callback.params, state: "another" } });
  await agent.deliver(callback);
  assertEquals(loopback.requests.map(({ body }) => new URLSearchParams(body).get("state")), [
    "another",
    "a state",
  ]);
});

Deno.test("signIn() reports an error page of the provider", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  const url = await client.authorizationUrl({ client_id: crypto.randomUUID() });
  await assertRejects(() => signIn(url, { ...ADA, caPem: provider.caPem }), SignInStuck, "AADSTS700016");
});
