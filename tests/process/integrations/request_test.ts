import { assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { startApi } from "../../support/network/api.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const GRAPH = "graph.microsoft.com";
const VAULT = "contoso.vault.azure.net";
const EVIL = "graph.microsoft.com.evil.example";
const ME = `https://${GRAPH}/v1.0/me`;

const CLAIMS = JSON.stringify({ access_token: { nbf: { essential: true, value: "1604106651" } } });
const CHALLENGE = {
  status: 401,
  headers: {
    "www-authenticate": `Bearer realm="", error="insufficient_claims", claims="${encodeBase64(CLAIMS)}"`,
  },
};

Deno.test("request chooses the token of the host, answers one claims challenge, and prints the response", async () => {
  await using sandbox = await openSandbox();
  await using api = await startApi(sandbox, [GRAPH, VAULT]);
  const { stdout } = await sandbox.signIn(["get-token"]);
  api.replies.push(CHALLENGE, { body: '{"name":"Ada","id":12345678901234567890,"x":"\\u202e##vso[a]"}' });
  const me = await api.run(["request", "get", ME]);
  assertEquals([me.code, me.stderr], [0, "⟳ Refreshing token...\n✓ Token refreshed\n"]);
  // Digits are not rounded, and nothing reorders the line or commands a CI system.
  assertEquals(
    me.stdout,
    '{\n  "name": "Ada",\n  "id": 12345678901234567890,\n  "x": "\\u202e#\\u0023vso[a]"\n}\n',
  );
  assertEquals(api.requests.map(({ target }) => target), [1, 2].map(() => `GET ${GRAPH}/v1.0/me`));
  const [first, second] = api.requests.map(({ headers }) => headers.authorization ?? "");
  assertEquals(first, `Bearer ${stdout.trim()}`);
  assertNotEquals(second, first);
  const sent = sandbox.provider.requestsTo("token").at(-1)?.form.claims ?? "{}";
  assertEquals(JSON.parse(sent).access_token.nbf, { essential: true, value: "1604106651" });

  const before = api.requests.length;
  api.replies.push(CHALLENGE, CHALLENGE, CHALLENGE);
  const refused = await api.run(["request", "GET", ME, "--output", "json", "--no-interactive"]);
  assertEquals([refused.code, refused.stdout, api.requests.length], [3, "", before + 2]);
  const { error } = JSON.parse(refused.stderr.split("\n").at(-2) ?? "");
  assertEquals([error.code, error.message], ["access_denied", `${GRAPH} responded with HTTP 401`]);

  // The token of another resource, without its name.
  await sandbox.signIn(["get-token", "--scope", "https://vault.azure.net/.default"]);
  const secrets = await api.run(["request", "GET", `https://${VAULT}/secrets?api-version=7.4`]);
  assertEquals([secrets.code, secrets.stdout], [0, "{}\n"], secrets.stderr);
  const { aud } = decodeJwt(api.requests.at(-1)?.headers.authorization?.slice("Bearer ".length) ?? "");
  assertEquals(aud, "https://vault.azure.net");
});

Deno.test("request --paginate joins all pages, and waits as long as the API throttles it if there is time", async () => {
  await using sandbox = await openSandbox();
  await using api = await startApi(sandbox, [GRAPH]);
  await sandbox.signIn(["get-token"]);
  const throttled = { status: 429, headers: { "retry-after": "1" } };
  api.replies.push(
    { body: { "@odata.context": "c", value: [1], "@odata.nextLink": `${ME}/people?page=2` } },
    throttled,
    { body: { value: [2, 3], "nextLink": `${ME}/people?page=3` } },
    { body: { value: [] } },
  );
  const all = await api.run(["request", "GET", `${ME}/people`, "--paginate"]);
  assertEquals([all.code, JSON.parse(all.stdout)], [0, { "@odata.context": "c", value: [1, 2, 3] }]);
  assertEquals(all.stderr, `⏳ Waiting 1 second, as ${GRAPH} requested...\n`);
  assertEquals(api.requests.length, 4);

  api.replies.push({ ...throttled, headers: { "retry-after": "60" } });
  const late = await api.run(["request", "GET", ME, "--timeout", "30s"]);
  assertEquals([late.code, late.stdout, api.requests.length], [4, "", 5]);
  assertMatch(
    late.stderr,
    /^error: graph\.microsoft\.com responded with HTTP 429\nHint: Try again in 1 minute, /,
  );
});

Deno.test("request sends a body and headers, prints bytes and headers, and says what an API refuses", async () => {
  await using sandbox = await openSandbox();
  await using api = await startApi(sandbox, [GRAPH]);
  const { stdout: token } = await sandbox.signIn(["get-token"]);
  const file = join(sandbox.folder, "body");
  const bytes = new Uint8Array([0, 255, 10, 13, 128]);
  await Deno.writeFile(file, bytes);
  const put = await api.run([
    "request",
    "PUT",
    ME,
    "--body",
    `@${file}`,
    "-H",
    "X-A: b",
    "-H",
    "Content-Type: a/b",
  ]);
  assertEquals([put.code, put.stdout], [0, "{}\n"], put.stderr);
  const { headers, body } = api.requests.at(-1) ?? {};
  assertEquals([body, headers?.["x-a"], headers?.["content-type"]], [bytes, "b", "a/b"]);

  api.replies.push({
    status: 201,
    headers: { location: `https://${EVIL}/`, "content-type": "text/plain" },
    body: "a\tb",
  });
  const raw = await api.run(["request", "POST", ME, "--body", "-", "--output", "raw"], { stdin: '{"a":1}' });
  assertEquals([raw.code, raw.stdout], [0, "a\tb"], raw.stderr);
  const sent = api.requests.at(-1);
  assertEquals(new TextDecoder().decode(sent?.body), '{"a":1}');
  assertEquals(sent?.headers["content-type"], "application/json");

  api.replies.push({ status: 302, headers: { location: `https://${EVIL}/` } });
  const moved = await api.run(["request", "GET", ME, "--output", "headers"]);
  assertEquals(moved.code, 0, moved.stderr);
  assertMatch(moved.stdout, /^HTTP 302\n(.+\n)*location: https:\/\/graph\.microsoft\.com\.evil\.example\/\n/);

  const message = `Authorization_RequestDenied for ${token.trim()}`;
  api.replies.push({ status: 403, body: { error: { code: "Denied", message } } });
  const refused = await api.run(["request", "DELETE", ME, "--verbose"]);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertStringIncludes(
    refused.stderr,
    "Details: Denied: Authorization_RequestDenied for ***\nHint: Ask for the role",
  );
});

Deno.test("request sends its token to no other host, along no redirect and to no page elsewhere", async () => {
  await using sandbox = await openSandbox();
  await using api = await startApi(sandbox, [GRAPH, EVIL]);
  await sandbox.signIn(["get-token"]);
  const asked = sandbox.provider.requests.length;
  const cases: [string[], RegExp][] = [
    [
      [`https://${EVIL}/v1.0/me`],
      /^error: The resource of graph\.microsoft\.com\.evil\.example is unknown\n/,
    ],
    [
      [`https://${EVIL}/`, "--scope", "User.Read"],
      /evil\.example does not belong to https:\/\/graph\.microsoft\.com, /,
    ],
    [[ME, "-H", "Authorization: Bearer mine"], /The header Authorization is set by entra-auth-cli\nHint: /],
    [[ME, "-H", "X: a\r\nHost: evil.example"], /Invalid --header "X": expected 'Name: value' on one line/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await api.run(["request", "GET", ...args]);
    assertEquals([code, stdout], [2, ""], stderr);
    assertMatch(stderr, message);
  }
  assertEquals([api.requests.length, sandbox.provider.requests.length], [0, asked]);

  api.replies.push({ status: 307, headers: { location: `https://${EVIL}/` } });
  const moved = await api.run(["request", "GET", ME]);
  assertEquals([moved.code, moved.stdout], [1, ""]);
  assertStringIncludes(moved.stderr, "HTTP 307\nHint: The token is not sent along a redirect.");
  api.replies.push({ body: { value: [1], "@odata.nextLink": `https://${EVIL}/v1.0/me` } });
  const next = await api.run(["request", "GET", ME, "--paginate"]);
  assertEquals([next.code, next.stdout], [3, ""]);
  assertStringIncludes(next.stderr, `The next page is not on https://${GRAPH}: https://${EVIL}\n`);
  assertEquals(api.requests.map(({ target }) => target), [1, 2].map(() => `GET ${GRAPH}/v1.0/me`));

  // Only a host that the user trusts by name.
  const trusted = ["request", "GET", `https://${EVIL}/`, "--scope", "User.Read", "--allow-host", EVIL];
  assertEquals([(await api.run(trusted)).code, api.requests.length], [0, 3]);
});
