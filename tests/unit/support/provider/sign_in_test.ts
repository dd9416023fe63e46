import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { decodeJwt } from "jose";
import { ADA, BOB } from "../../../support/provider/directory.ts";
import { startProvider } from "../../../support/provider/provider.ts";
import { SignInStuck, UserAgent } from "../../../support/browser/user_agent.ts";
import { PlainClient } from "../../../support/network/plain_client.ts";

for (const mode of ["form_post", "query", undefined]) {
  Deno.test(`A sign-in with response_mode ${mode ?? "left out"} returns code and state`, async () => {
    await using provider = await startProvider();
    using client = new PlainClient(provider);
    using agent = new UserAgent(provider);
    const callback = await agent.authorize(await client.authorizationUrl({ response_mode: mode }), ADA);
    assertEquals(callback.method, mode === "form_post" ? "POST" : "GET");
    assertEquals(callback.redirectUri, PlainClient.REDIRECT_URI);
    assertEquals(Object.keys(callback.params).sort(), ["client_info", "code", "session_state", "state"]);
    assertEquals(callback.params.state, "a state");
    assertEquals(provider.faults, []);
  });
}

for (
  const [page, visitor] of [["sign-in", { cancelSignIn: true }], ["consent", { consent: "cancel" }]] as const
) {
  Deno.test(`Cancel on the ${page} page returns access_denied`, async () => {
    await using provider = await startProvider();
    using client = new PlainClient(provider);
    using agent = new UserAgent(provider);
    const { method, params } = await agent.authorize(await client.authorizationUrl(), { ...ADA, ...visitor });
    assertEquals(method, "POST");
    assertEquals(params.error, "access_denied");
    assertEquals(params.state, "a state");
    assertMatch(params.error_description ?? "", /^AADSTS65004: /);
    assertEquals("code" in params, false);
  });
}

Deno.test("A wrong password and an unknown account show the page again with a message", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const url = await client.authorizationUrl();
  const wrong = await assertRejects(() => agent.authorize(url, { ...ADA, password: "wrong" }), SignInStuck);
  assertStringIncludes(wrong.message, "Your account or password is incorrect.");
  assertEquals(wrong.message.includes("wrong password"), false);
  const unknown = await assertRejects(() => agent.authorize(url, { ...ADA, username: "<eve>" }), SignInStuck);
  assertStringIncludes(unknown.message, "This username may be incorrect.");
});

Deno.test("A browser that is signed in gets a code without a prompt", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const url = await client.authorizationUrl();
  await agent.authorize(url, ADA);
  const before = provider.requestsTo("interaction").length;
  const { params } = await agent.authorize(url, ADA);
  assertEquals(typeof params.code, "string");
  assertEquals(provider.requestsTo("interaction").length, before);
});

Deno.test("Consent is remembered for the user and requested again for a new scope or prompt=consent", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const refuse = { ...ADA, consent: "cancel" } as const;
  await agent.authorize(await client.authorizationUrl(), ADA);
  using another = new UserAgent(provider);
  assertEquals(
    typeof (await another.authorize(await client.authorizationUrl(), refuse)).params.code,
    "string",
  );
  const more = await client.authorizationUrl({ scope: "User.Read Mail.Read openid profile offline_access" });
  assertEquals((await another.authorize(more, refuse)).params.error, "access_denied");
  const prompted = await client.authorizationUrl({ prompt: "consent" });
  assertEquals((await another.authorize(prompted, refuse)).params.error, "access_denied");
});

Deno.test("prompt=login requires the password although the browser is signed in", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  await agent.authorize(await client.authorizationUrl(), ADA);
  const url = await client.authorizationUrl({ prompt: "login" });
  await assertRejects(() => agent.authorize(url, { ...ADA, password: "wrong" }), SignInStuck);
  assertEquals(typeof (await agent.authorize(url, ADA)).params.code, "string");
});

Deno.test("prompt=select_account accepts the same or another user", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const url = await client.authorizationUrl({ prompt: "select_account" });
  for (const account of [ADA, ADA, BOB, ADA]) {
    const { params } = await agent.authorize(url, account);
    const { json } = await client.redeem(params.code);
    assertEquals(decodeJwt(String(json.id_token)).oid, account.objectId);
  }
  // The account that is signed in is picked without its password.
  const { params } = await agent.authorize(url, { ...ADA, password: "not asked for" });
  assertEquals(typeof params.code, "string");
  assertEquals(provider.faults, []);
});

Deno.test("prompt=none never shows a page", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  const silent = await client.authorizationUrl({ prompt: "none" });
  const { params: nobody } = await agent.authorize(silent, ADA);
  assertEquals(nobody.error, "login_required");
  assertMatch(nobody.error_description ?? "", /^AADSTS50058: /);
  await agent.authorize(await client.authorizationUrl(), ADA);
  assertEquals(typeof (await agent.authorize(silent, ADA)).params.code, "string");
  const more = await client.authorizationUrl({ prompt: "none", scope: "openid Mail.Read" });
  const { params: unconsented } = await agent.authorize(more, ADA);
  assertMatch(unconsented.error_description ?? "", /^AADSTS65001: /);
});

Deno.test("login_hint fills in the account and is shown as text", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using http = Deno.createHttpClient({ caCerts: [provider.caPem] });
  for (const hint of ["ada@contoso.example", `"><script>alert(1)</script>`]) {
    const url = await client.authorizationUrl({ login_hint: hint });
    const redirect = await fetch(url, { client: http, redirect: "manual" });
    await redirect.body?.cancel();
    const cookie = redirect.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    const page = await fetch(new URL(redirect.headers.get("location") ?? "", url), {
      client: http,
      headers: { cookie },
    });
    const escaped = hint.replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
    assertStringIncludes(await page.text(), `value="${escaped}"`);
  }
});

const REFUSED: [what: string, changes: Record<string, string | undefined>, aadsts: string][] = [
  ["an unknown client", { client_id: "dddddddd-0000-4000-8000-000000000000" }, "AADSTS700016"],
  ["a redirect URI that is not registered", { redirect_uri: "https://evil.example/" }, "AADSTS50011"],
];

for (const [what, changes, aadsts] of REFUSED) {
  Deno.test(`${what} results in a page, not a redirect`, async () => {
    await using provider = await startProvider();
    using client = new PlainClient(provider);
    using agent = new UserAgent(provider);
    const url = await client.authorizationUrl(changes);
    const error = await assertRejects(() => agent.authorize(url, ADA), SignInStuck);
    assertStringIncludes(error.message, aadsts);
  });
}

const SENT_BACK: [what: string, changes: Record<string, string | undefined>, error: string][] = [
  ["no code challenge", { code_challenge: undefined, code_challenge_method: undefined }, "AADSTS9002325"],
  ["a plain code challenge", { code_challenge_method: "plain" }, "AADSTS9002325"],
  ["scopes of two resources", { scope: "User.Read api://orders/Read openid" }, "AADSTS28000"],
  ["a response type other than code", { response_type: "id_token" }, "AADSTS700054"],
];

for (const [what, changes, aadsts] of SENT_BACK) {
  Deno.test(`${what} is sent back as an error`, async () => {
    await using provider = await startProvider();
    using client = new PlainClient(provider);
    using agent = new UserAgent(provider);
    const { params } = await agent.authorize(await client.authorizationUrl(changes), ADA);
    assertStringIncludes(params.error_description ?? "", `${aadsts}: `);
    assertEquals(params.state, "a state");
    assertEquals(provider.faults, []);
  });
}

Deno.test("A page whose sign-in has ended shows a message instead of failing", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using agent = new UserAgent(provider);
  await agent.authorize(await client.authorizationUrl(), ADA);
  const [page] = provider.requestsTo("interaction");
  using http = Deno.createHttpClient({ caCerts: [provider.caPem] });
  const response = await fetch(`${provider.origin}${page?.path}`, { client: http });
  assertEquals(response.status, 400);
  assertStringIncludes(await response.text(), "AADSTS50196");
  assertEquals(provider.faults, []);
});

Deno.test("No page loads anything from another host", async () => {
  await using provider = await startProvider();
  using client = new PlainClient(provider);
  using http = Deno.createHttpClient({ caCerts: [provider.caPem] });
  const { json } = await client.post("devicecode", { client_id: provider.clientId, scope: "openid" });
  for (const url of [await client.authorizationUrl(), String(json.verification_uri)]) {
    const redirect = await fetch(url, { client: http, redirect: "manual" });
    const cookie = redirect.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
    const location = redirect.headers.get("location");
    const page = location === null
      ? redirect
      : await redirect.body?.cancel().then(() =>
        fetch(new URL(location, url), { client: http, headers: { cookie } })
      );
    const text = await page?.text() ?? "";
    assertStringIncludes(text, "embedded test provider");
    assertEquals(/\b(src|href)=|@import|url\(/.test(text), false);
  }
  assertEquals(provider.faults, []);
});
