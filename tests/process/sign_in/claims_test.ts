import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeBase64Url } from "@std/encoding/base64url";
import { startGraph } from "../../support/network/graph.ts";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { ADA, CONFIDENTIAL_APPLICATION } from "../../support/provider/directory.ts";
import type { EntraErrorFailure } from "../../support/provider/failures.ts";
import type { ProviderRequest } from "../../support/provider/request_router.ts";
import { NO_DISPLAY, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, hasScriptTools, runShell, signInWithShell } from "../../support/program/shell.ts";

const NBF = { nbf: { essential: true, value: "1604106651" } };
const CLAIMS = JSON.stringify({ access_token: NBF });
const CHALLENGE = `Bearer realm="", error="insufficient_claims", claims="${encodeBase64(CLAIMS)}"`;
const CAPABLE = { xms_cc: { values: ["CP1"] } };

/** Returns the error with which Entra refuses a refresh. */
function refusal(aadsts: number, more: Partial<EntraErrorFailure> = {}): EntraErrorFailure {
  return { kind: "entraError", error: "invalid_grant", aadsts, ...more };
}

/** Returns the access token claims of a request. */
function requestedClaims(request: ProviderRequest | undefined): unknown {
  return JSON.parse(request?.query.claims ?? request?.form.claims ?? "{}").access_token;
}

function requests({ provider }: Sandbox): (ProviderRequest | undefined)[] {
  return [provider.requestsTo("authorize").at(-1), provider.requestsTo("token").at(-1)];
}

Deno.test("get-token --claims skips the cached token and refreshes with the claims", async () => {
  await using sandbox = await openSandbox();
  const first = await sandbox.signIn(["get-token"]);
  for (const request of requests(sandbox)) {
    assertEquals(requestedClaims(request), CAPABLE, "every request names CP1");
  }
  for (const claims of [CLAIMS, encodeBase64(CLAIMS), `WWW-Authenticate: ${CHALLENGE}`]) {
    const result = await sandbox.run(["get-token", "--claims", claims, "--output", "json"]);
    assertEquals(result.code, 0, result.stderr);
    const document = JSON.parse(result.stdout);
    assertEquals([document.source, document.access_token === first.stdout.trim()], ["refresh", false]);
    const [, token] = requests(sandbox);
    assertEquals([token?.form.grant_type, requestedClaims(token)], ["refresh_token", { ...NBF, ...CAPABLE }]);
  }
  assertEquals(sandbox.browser.count, 1);
});

Deno.test({
  name: "get-token --claims accepts the header that curl prints, and the API accepts the new token",
  ignore: !await hasScriptTools(),
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    await using graph = await startGraph(sandbox.folder, { displayName: "Ada Lovelace" }, CHALLENGE);
    const script = `set -eu
      call() { curl -s "$@" -H "$(entra-auth-cli get-token -q -o header)" https://graph.microsoft.com/v1.0/me; }
      WWW_AUTHENTICATE=$(call -o /dev/null -D - | grep -i '^www-authenticate:')
      entra-auth-cli get-token -q --claims "$WWW_AUTHENTICATE" >/dev/null
      call | jq -r .displayName`;
    const result = await runShell(sandbox, script, { env: { CURL_HOME: graph.curlHome } });
    assertEquals([result.code, result.stdout, result.stderr], [0, "Ada Lovelace\n", ""]);
    assertEquals(requestedClaims(sandbox.provider.requestsTo("token").at(-1)), { ...NBF, ...CAPABLE });
    assertEquals(graph.callers.length, 1);
  },
});

Deno.test("get-token --claims opens the browser with the claims of both challenges if the refresh is refused", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const policy = { capolids: { essential: true, values: ["c1"] } };
  const challenge = { error: "interaction_required", claims: JSON.stringify({ access_token: policy }) };
  sandbox.provider.failNext("token", refusal(50076, challenge));
  const result = await sandbox.signIn(["get-token", "--claims", CHALLENGE]);
  assertEquals(result.code, 0, result.stderr);
  assertStringIncludes(
    result.stderr,
    "Refreshing token...\nSigning in again: Multifactor authentication is required (AADSTS50076)\nOpening browser",
  );
  for (const request of requests(sandbox)) {
    assertEquals(requestedClaims(request), { ...NBF, ...policy, ...CAPABLE });
  }
});

Deno.test("concurrent processes with the same claims open one browser, and the others refresh with the claims", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const challenge = refusal(50076, { error: "interaction_required", claims: CLAIMS });
  const args = ["get-token", "--claims", CLAIMS, "--output", "json"];
  const programs = [1, 2, 3].map(() => {
    sandbox.provider.failNext("token", challenge);
    return sandbox.start(args);
  });
  for (const program of programs) await program.stderrMatch(/Signing in again/);
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  const results = await Promise.all(programs.map((program) => program.ended));
  for (const { code, stderr } of results) assertEquals(code, 0, stderr);
  const sources = results.map(({ stdout }) => JSON.parse(stdout).source);
  assertEquals(sources.toSorted(), ["interactive", "refresh", "refresh"]);
  assertEquals(sandbox.browser.count, 2);
});

Deno.test("the device code flow and client credentials send claims and the client capability", async () => {
  await using sandbox = await openSandbox({ devicePollInterval: 1 });
  const { provider } = sandbox;
  const program = sandbox.start(["get-token", "--flow", "device-code", "--claims", CLAIMS]);
  await enterDeviceCode(sandbox, program.stderrMatch);
  assertEquals((await program.ended).code, 0);
  const { clientId, secret = "" } = CONFIDENTIAL_APPLICATION;
  const result = await sandbox.run(
    ["get-token", "--flow", "client-credentials", "--client-id", clientId, "--claims", CLAIMS],
    { env: { AZURE_CLIENT_SECRET: secret } },
  );
  assertEquals(result.code, 0, result.stderr);
  const requests = [...provider.requestsTo("devicecode"), ...provider.requestsTo("token")];
  assertEquals(new Set(requests.map(({ form }) => form.grant_type)).size, 3);
  for (const request of requests) {
    assertEquals(requestedClaims(request), { ...NBF, ...CAPABLE }, request.form.grant_type);
  }
});

Deno.test("get-token --claims exits with code 2 and the reason if the claims are invalid", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.run(["get-token", "--claims", 'Bearer error="invalid_token"']);
  assertEquals([result.code, result.stdout], [2, ""]);
  assertStringIncludes(result.stderr, 'the header has no claims parameter (error="invalid_token")\nHint: ');
  assertEquals(sandbox.provider.requests.length, 0);
});

Deno.test({
  name: "get-token --no-interactive exits with code 9 and prints a sign-in command that a shell can run",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    await sandbox.signIn(["get-token", "--scope", "User.Read Mail.Read"]);
    const challenge = refusal(50079, { error: "interaction_required", claims: CLAIMS });
    sandbox.provider.failNext("token", challenge);
    const flags = ["--scope", "User.Read Mail.Read", "--domain-hint", "contoso.example"];
    const result = await sandbox.run(["get-token", "--no-interactive", ...flags]);
    assertEquals([result.code, result.stdout], [9, ""], result.stderr);
    assertStringIncludes(result.stderr, "(AADSTS50079, correlation ID ");
    const command = /^Hint: (entra-auth-cli get-token .*)$/m.exec(result.stderr)?.[1] ?? "";
    // Every shell parses it alike: it has only words, and double quotes around those with a space.
    assertMatch(command, /^[\w.:/@ -]+"User\.Read Mail\.Read"[\w.:/@ -]+$/);
    // Entra refuses the refresh again because no second factor was used yet.
    sandbox.provider.failNext("token", challenge);
    const signedIn = await signInWithShell(sandbox, command, ADA);
    assertEquals(signedIn.code, 0, signedIn.stderr);
    const [authorize, token] = requests(sandbox);
    for (const request of [authorize, token]) assertEquals(requestedClaims(request), { ...NBF, ...CAPABLE });
    assert(authorize?.query.scope?.includes("User.Read Mail.Read"));
    assertEquals(authorize?.query.domain_hint, "contoso.example");
  },
});

Deno.test("get-token without a terminal exits with code 9, the reason and a command with the claims", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  sandbox.provider.failNext("token", refusal(50076, { error: "interaction_required", claims: CLAIMS }));
  const result = await sandbox.run(["get-token"], { env: NO_DISPLAY, withoutTerminal: true });
  assertEquals([result.code, result.stdout], [9, ""], result.stderr);
  assertStringIncludes(result.stderr, "Multifactor authentication is required. ");
  assertStringIncludes(
    result.stderr,
    `entra-auth-cli get-token --profile default --claims ${encodeBase64Url(CLAIMS)}\n`,
  );
});

Deno.test("get-token explains a policy that blocks the refresh and opens the browser once", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  for (
    const [aadsts, message] of [
      [53003, "A Conditional Access policy blocks this sign-in"],
      [53000, "A Conditional Access policy requires a compliant device"],
      [530003, "A Conditional Access policy requires a device that your organization manages"],
    ] as const
  ) {
    const opened = sandbox.browser.count;
    sandbox.provider.failNext("token", refusal(aadsts));
    sandbox.provider.failNext("authorize", refusal(aadsts, { error: "access_denied" }));
    const result = await sandbox.signIn(["get-token"]);
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertStringIncludes(result.stderr, `Signing in again: ${message}`);
    assertStringIncludes(result.page.body, message);
    assertStringIncludes(result.stderr, "Sign-in logs");
    assertStringIncludes(result.stderr, `(AADSTS${aadsts}, correlation ID `);
    assertEquals(sandbox.browser.count, opened + 1);
  }
});

Deno.test("get-token opens no browser for an error that a sign-in cannot fix and keeps the session", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  const table: [EntraErrorFailure, string][] = [
    [refusal(530084), "tokens that are bound to the device (token protection)"],
    [refusal(53003, { suberror: "message_only" }), "A Conditional Access policy blocks this sign-in"],
    [
      refusal(999999, { suberror: "protection_policy_required" }),
      "only applications with a protection policy (Intune)",
    ],
    [refusal(50057), "The account is disabled"],
  ];
  for (const [failure, message] of table) {
    sandbox.provider.failNext("token", failure);
    const result = await sandbox.run(["get-token"]);
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertMatch(
      result.stderr,
      new RegExp(`${RegExp.escape(message)}.* \\(AADSTS\\d+, correlation ID \\S+\\)\\n`),
    );
  }
  assertEquals(sandbox.browser.count, 1);
  assertEquals((await sandbox.run(["get-token"])).code, 0, "the next refresh is not refused");
});
