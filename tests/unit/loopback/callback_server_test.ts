import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { noTraffic } from "../../../src/loopback/callback_traffic.ts";
import {
  exchange,
  finishSignIn,
  getQuery,
  GOOD_FORM,
  HAS_IPV6,
  NEVER,
  postForm,
  startServer,
  STATE,
} from "../../support/fixtures/callback_fixture.ts";

Deno.test("listenForCallback() returns a redirect URI with localhost and its port", async () => {
  await using server = await startServer();
  assertEquals(server.redirectUri, `http://localhost:${server.port}`);
  assert(server.port >= 49152 && server.port <= 65535);
});

Deno.test("waitForCallback() returns the code of a posted form, and the browser shows the outcome", async () => {
  await using server = await startServer();
  const browser = postForm(server, GOOD_FORM);
  const callback = await server.waitForCallback(NEVER);
  assert(callback.response.kind === "code");
  assertEquals(callback.response.code.reveal(), "good-code");
  callback.showOutcome({ kind: "signed-in", username: "alice@contoso.example" });
  const { status, page } = await browser;
  assertEquals(status, 200);
  assertStringIncludes(page, "alice@contoso.example");
});

Deno.test("waitForCallback() accepts a callback in the query", async () => {
  await using server = await startServer();
  const browser = getQuery(server, `?${GOOD_FORM}`);
  const callback = await server.waitForCallback(NEVER);
  assertEquals(callback.response.kind, "code");
  callback.showOutcome({ kind: "failed", message: "The network is down." });
  assertStringIncludes((await browser).page, "The network is down.");
});

Deno.test("waitForCallback() returns a callback that arrived earlier", async () => {
  await using server = await startServer();
  const browser = postForm(server, GOOD_FORM);
  await getQuery(server, "");
  const callback = await server.waitForCallback(NEVER);
  callback.showOutcome({ kind: "signed-in", username: null });
  assertEquals((await browser).status, 200);
});

Deno.test("waitForCallback() returns a refusal with the right state, and the page shows it", async () => {
  await using server = await startServer();
  const browser = postForm(server, `error=access_denied&error_description=You+said+no&state=${STATE}`);
  const callback = await server.waitForCallback(NEVER);
  assertEquals(callback.response, { kind: "refused", error: "access_denied", description: "You said no" });
  callback.showOutcome({ kind: "refused", message: "You said no", hint: "Run the command again." });
  const { page } = await browser;
  assertStringIncludes(page, "Sign-in was refused");
  assertStringIncludes(page, "You said no");
  assertStringIncludes(page, "Run the command again.");
});

Deno.test("waitForCallback() rejects with the reason of its signal and leaves the server running", async () => {
  await using server = await startServer();
  const giveUp = new AbortController();
  const waiting = server.waitForCallback(giveUp.signal);
  giveUp.abort(new Error("Time is up"));
  await assertRejects(() => waiting, Error, "Time is up");
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A second callback, a reload and a visit get a neutral page after the callback", async () => {
  await using server = await startServer();
  assertEquals(await finishSignIn(server), "good-code");
  for (const late of [await postForm(server, GOOD_FORM), await getQuery(server, "?code=x&state=other")]) {
    assertEquals(late.status, 410);
    assertStringIncludes(late.page, "This sign-in is already finished");
  }
  const visit = await getQuery(server, "");
  assertEquals(visit.status, 200);
  assertStringIncludes(visit.page, "This sign-in is already finished");
});

Deno.test("Exactly one of several concurrent callbacks is accepted", async () => {
  await using server = await startServer();
  const browsers = Promise.all(
    ["a", "b", "c", "d"].map((code) => postForm(server, `code=${code}&state=${STATE}`)),
  );
  const callback = await server.waitForCallback(NEVER);
  callback.showOutcome({ kind: "signed-in", username: null });
  assertEquals((await browsers).map(({ status }) => status).sort(), [200, 410, 410, 410]);
  assertEquals(await server.waitForCallback(NEVER), callback);
});

Deno.test("A callback of an earlier sign-in is refused and changes nothing", async () => {
  await using server = await startServer();
  for (
    const old of [
      "code=old&state=old-state",
      "error=access_denied&state=old-state",
      "code=old&state=",
      "code=old",
    ]
  ) {
    assertEquals((await postForm(server, old)).status, 400);
    assertEquals((await getQuery(server, `?${old}`)).status, 400);
  }
  assertEquals(server.traffic.wrongState, 8);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("A callback from another issuer is refused and changes nothing", async () => {
  await using server = await startServer();
  assertEquals((await postForm(server, `${GOOD_FORM}&iss=https%3A%2F%2Fevil.example`)).status, 400);
  assertEquals(server.traffic.wrongIssuer, 1);
  assertEquals(await finishSignIn(server), "good-code");
});

Deno.test("The bare address shows a waiting page, and the icon is empty", async () => {
  await using server = await startServer();
  const visit = await getQuery(server, "");
  assertEquals(visit.status, 200);
  assertStringIncludes(visit.page, "Waiting for the sign-in");
  assertEquals(await getQuery(server, "favicon.ico"), { status: 204, page: "" });
  assertEquals({ ...server.traffic }, { ...noTraffic(), requests: 2 });
});

Deno.test("Every response has the security headers and allows no other origin", async () => {
  await using server = await startServer();
  const url = `${server.redirectUri}/`;
  const form = (body: string, headers: Record<string, string> = {}) =>
    new Request(url, { method: "POST", body: new URLSearchParams(body), headers });
  const requests = [
    new Request(url),
    new Request(`${url}favicon.ico`),
    new Request(`${url}other`),
    new Request(`${url}?code=a&state=wrong`, { headers: { origin: "https://evil.example" } }),
    new Request(url, { method: "PUT" }),
    new Request(url, { method: "HEAD" }),
    new Request(url, { method: "OPTIONS", headers: { origin: "https://evil.example" } }),
    new Request(url, { method: "POST", body: "text" }),
    form(`code=${"x".repeat(100_000)}`),
    form("code=%ZZ"),
    form(GOOD_FORM),
    form(GOOD_FORM),
  ];
  const accepted = server.waitForCallback(NEVER).then((callback) =>
    callback.showOutcome({ kind: "signed-in", username: null })
  );
  const statuses: number[] = [];
  for (const request of requests) {
    const response = await fetch(request);
    await response.body?.cancel();
    statuses.push(response.status);
    const { headers } = response;
    assertMatch(
      headers.get("content-security-policy") ?? "",
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cache-control"), "no-store, no-transform");
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("x-frame-options"), "DENY");
    assertEquals(headers.get("location"), null);
    assertEquals(headers.get("allow"), response.status === 405 ? "GET, POST" : null);
    assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control-")), []);
  }
  await accepted;
  assertEquals(statuses, [200, 204, 404, 400, 405, 405, 405, 415, 413, 400, 200, 410]);
});

Deno.test("The content security policy contains the hash of the page's style", async () => {
  await using server = await startServer();
  const response = await fetch(`${server.redirectUri}/`);
  const style = /<style>(.*)<\/style>/s.exec(await response.text())?.[1] ?? "";
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style)));
  assertStringIncludes(
    response.headers.get("content-security-policy") ?? "",
    `'sha256-${btoa(String.fromCharCode(...digest))}'`,
  );
});

Deno.test("A browser with only IPv4 reaches the server", async () => {
  await using server = await startServer();
  const browser = fetch(`http://127.0.0.1:${server.port}/?${GOOD_FORM}`);
  const callback = await server.waitForCallback(NEVER);
  callback.showOutcome({ kind: "signed-in", username: null });
  await (await browser).body?.cancel();
});

Deno.test({
  name: "A browser with only IPv6 reaches the server",
  ignore: !HAS_IPV6,
  fn: async () => {
    await using server = await startServer();
    const head = `GET /?${GOOD_FORM} HTTP/1.1\r\nHost: localhost:${server.port}\r\nConnection: close\r\n\r\n`;
    const browser = exchange(server.port, head, "::1");
    const callback = await server.waitForCallback(NEVER);
    callback.showOutcome({ kind: "signed-in", username: null });
    assertMatch(await browser, /^HTTP\/1\.1 200 /);
  },
});

const outerAddresses = Deno.networkInterfaces()
  .map(({ address, family }) => ({ address, family }))
  .filter(({ address }) => !/^(127\.|::1$|fe80:)/i.test(address));

Deno.test({
  name: "A connection to another address of this machine is refused",
  ignore: outerAddresses.length === 0,
  fn: async () => {
    await using server = await startServer();
    for (const { address } of outerAddresses) {
      await assertRejects(
        () => Deno.connect({ hostname: address, port: server.port }),
        Deno.errors.ConnectionRefused,
      );
    }
  },
});
