import { assert, assertEquals, assertMatch, assertNotEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import type { PortChoice } from "../../../src/loopback/listen_on_loopback.ts";
import { listenForTokenRequests, type TokenEndpoint } from "../../../src/loopback/token_endpoint.ts";
import type { ConnectionCheck } from "../../../src/system/network/connection_owner.ts";
import { tokenResult } from "../../support/fixtures/command_fixture.ts";
import { freePort } from "../../support/network/ports.ts";
import { exchangeRaw } from "../../support/network/raw_http.ts";

const VAULT = "https://vault.azure.net";
const MSI = "/msi/token?api-version=2019-08-01";
const AZD = "/token?api-version=2023-07-12-preview";

/** Opens an endpoint that has a token for the vault. `asked` collects what reached the supply. */
function open(
  isAllowed?: ConnectionCheck,
  ports: PortChoice = { kind: "random" },
): { endpoint: TokenEndpoint; asked: unknown[] } {
  const asked: unknown[] = [];
  const supply = (wanted: string) => {
    if (!wanted.startsWith(VAULT)) return Promise.reject(new CliError("usage", `No token for ${wanted}`));
    if (wanted.endsWith("/signed-out")) {
      return Promise.reject(new CliError("person_needed", "Sign in", { hint: "entra-auth-cli get-token" }));
    }
    return Promise.resolve(tokenResult().token);
  };
  const endpoint = listenForTokenRequests(ports, {
    supply: {
      forResource: (resource) => (asked.push(resource), supply(resource)),
      forScopes: (scopes, tenant) => (asked.push([...scopes, tenant]), supply(scopes[0] ?? "")),
    },
    os: "linux",
    isAllowed,
  });
  return { endpoint, asked };
}

interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request as a program would, or with the given parts, and returns the response. */
async function send(
  { port, secret }: TokenEndpoint,
  { method = "GET", target = `${MSI}&resource=${VAULT}`, host = `127.0.0.1:${port}`, headers, body = "" }:
    Sent,
): Promise<{ status: number; body: string; head: string }> {
  const key = secret.reveal();
  const fields = headers ?? { "X-IDENTITY-HEADER": key, "Authorization": `Bearer ${key}` };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = await exchangeRaw(
    port,
    `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${lines}` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  const [head = "", content = ""] = text.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head, body: content };
}

Deno.test("the endpoint answers like a managed identity of App Service, and like a host of azd", async () => {
  const { endpoint, asked } = open();
  await using _ = endpoint;
  const { expiresAt } = tokenResult().token;
  const msi = await send(endpoint, { target: `${MSI}&resource=${VAULT}&client_id=any` });
  assertEquals([msi.status, JSON.parse(msi.body)], [200, {
    access_token: "the-token",
    expires_on: String(expiresAt),
    resource: VAULT,
    token_type: "Bearer",
  }]);
  assertMatch(msi.head, /^cache-control: no-store, no-transform$/mi);
  assert(!/access-control/i.test(msi.head));

  const post = (scope: string, more = {}) =>
    send(endpoint, { method: "POST", target: AZD, body: JSON.stringify({ scopes: [scope], ...more }) });
  const azd = await post(`${VAULT}/.default`, { tenantId: "a-tenant" });
  assertEquals([azd.status, JSON.parse(azd.body)], [200, {
    status: "success",
    token: "the-token",
    expiresOn: "2025-12-28T13:00:00Z",
  }]);
  const signedOut = await post(`${VAULT}/signed-out`);
  assertEquals([signedOut.status, JSON.parse(signedOut.body)], [200, {
    status: "error",
    code: "NotSignedInError",
    message: "Sign in. entra-auth-cli get-token",
  }]);
  assertEquals(asked, [VAULT, [`${VAULT}/.default`, "a-tenant"], [`${VAULT}/signed-out`, undefined]]);
});

Deno.test("the endpoint gives nothing to a web page, another host name, or a process without the secret", async () => {
  const { endpoint, asked } = open();
  await using _ = endpoint;
  const key = endpoint.secret.reveal();
  const wrong = key.slice(0, -1) + (key.endsWith("A") ? "B" : "A");
  const body = JSON.stringify({ scopes: [`${VAULT}/.default`] });
  const refused: [number, Sent][] = [
    [421, { host: `evil.example:${endpoint.port}` }],
    [421, { host: "127.0.0.1" }],
    [421, { target: `http://evil.example${MSI}&resource=${VAULT}` }],
    ...["Origin", "Sec-Fetch-Site", "Referer"].map((name): [number, Sent] => [
      403,
      { headers: { "X-IDENTITY-HEADER": key, [name]: "https://evil.example" } },
    ]),
    [401, { headers: {} }],
    [401, { headers: { "X-IDENTITY-HEADER": "" } }],
    [401, { headers: { "X-IDENTITY-HEADER": wrong } }],
    [401, { headers: { "X-IDENTITY-HEADER": key.slice(0, 10) } }],
    [401, { headers: { "Authorization": `Bearer ${key}`, "Metadata": "true" } }],
    [401, { method: "POST", target: AZD, body, headers: { "X-IDENTITY-HEADER": key } }],
    [401, { method: "POST", target: AZD, body, headers: { "Authorization": `Basic ${key}` } }],
    [405, { method: "POST" }],
    [405, { method: "OPTIONS" }],
    [405, { target: AZD }],
    [404, { target: `/metadata/identity/oauth2/token?api-version=2018-02-01&resource=${VAULT}` }],
    [404, { target: "/" }],
    [400, { target: `/msi/token?api-version=2017-09-01&resource=${VAULT}` }],
    [400, { target: MSI }],
    [400, { target: `${MSI}&resource=${VAULT}&resource=https://graph.microsoft.com` }],
    [400, { method: "POST", target: AZD, body: "{" }],
    [400, { method: "POST", target: AZD, body: '{"scopes":[]}' }],
    [400, { method: "POST", target: "/token?api-version=1", body }],
    [413, { method: "POST", target: AZD, body: `{"scopes":["${"a".repeat(70_000)}"]}` }],
  ];
  for (const [status, sent] of refused) {
    const response = await send(endpoint, sent);
    assertEquals(response.status, status, JSON.stringify(sent).slice(0, 200));
    assert(!response.body.includes("the-token"));
    assert(!/access-control/i.test(response.head));
  }
  assertEquals(asked, [], "none of them reached the supply");
  const other = await send(endpoint, { target: `${MSI}&resource=https://graph.microsoft.com` });
  assertEquals([other.status, JSON.parse(other.body)], [403, {
    statusCode: 403,
    message: "No token for https://graph.microsoft.com",
  }]);
});

Deno.test("the endpoint closes a connection after its response, which is not compressed", async () => {
  const { endpoint } = open();
  await using _ = endpoint;
  const { port, secret } = endpoint;
  const fields = `Accept-Encoding: gzip\r\nX-IDENTITY-HEADER: ${secret.reveal()}`;
  // The client neither asks for the end of the connection nor ends it.
  const request = `GET ${MSI}&resource=${VAULT} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${fields}\r\n\r\n`;
  const [head = "", body = ""] = (await exchangeRaw(port, request)).split("\r\n\r\n");
  assertMatch(head, /^HTTP\/1\.1 200 /);
  assertMatch(head, /^connection: close$/mi);
  assert(!/^content-encoding:/mi.test(head));
  assertEquals(JSON.parse(body).access_token, "the-token");
});

Deno.test("each endpoint has a secret of its own, refuses whom the check refuses, and frees its port", async () => {
  // A random port may belong to another test by the time it is free.
  const { endpoint } = open(() => Promise.resolve(false), { kind: "exact", port: freePort() });
  {
    await using _ = endpoint;
    await using other = open().endpoint;
    assertMatch(endpoint.secret.reveal(), /^[\w-]{43}$/);
    assertNotEquals(endpoint.secret.reveal(), other.secret.reveal());
    assertEquals(await exchangeRaw(endpoint.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  }
  await assertRejects(
    () => Deno.connect({ hostname: "127.0.0.1", port: endpoint.port }),
    Deno.errors.ConnectionRefused,
  );
});
