import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { redirectPort } from "../../support/browser/user_agent.ts";
import { freePort, occupyPort } from "../../support/network/ports.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { Failure } from "../../support/provider/failures.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

Deno.test("get-token exits with code 3 if consent is declined, and the page says why", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.signIn(["get-token"], { ...ADA, consent: "cancel" });
  assertEquals(result.code, 3);
  assertEquals(result.stdout, "");
  assertMatch(
    result.stderr,
    /^error: Consent was declined \(AADSTS65004, correlation ID [\da-f-]{36}\)\nHint: /m,
  );
  assertStringIncludes(result.page.body, "Consent was declined");
  assertEquals(sandbox.provider.requestsTo("token").length, 0);
});

Deno.test("get-token --output json reports a refusal as one JSON document on stderr", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.signIn(["get-token", "--output", "json", "--quiet"], {
    ...ADA,
    consent: "cancel",
  });
  assertEquals(result.stdout, "");
  const { error } = JSON.parse(result.stderr);
  assertEquals(Object.keys(error), ["code", "message", "hint", "aadsts", "correlation_id", "description"]);
  assertEquals(error.code, "access_denied");
  assertEquals(error.aadsts, "AADSTS65004");
});

Deno.test("get-token says that an administrator must consent if the browser shows that, however Entra reports it", async () => {
  await using sandbox = await openSandbox({ requiresAdminConsent: true });
  const cases: [failure: Failure | null, error: RegExp][] = [
    [null, /An administrator must consent to these scopes \(AADSTS90094, /],
    [
      { kind: "entraError", error: "consent_required", aadsts: 90094 },
      /An administrator must consent to these scopes \(AADSTS90094, /,
    ],
    [
      { kind: "entraError", error: "consent_required", aadsts: 65001 },
      /The application has no consent for these scopes \(AADSTS65001, /,
    ],
    // Without a description it could be a mere Cancel.
    [
      {
        kind: "rewrite",
        rewrite: ({ state }) => ({ error: "access_denied", error_subcode: "cancel", state }),
      },
      /The sign-in was cancelled or declined in the browser/,
    ],
  ];
  for (const [failure, error] of cases) {
    if (failure !== null) sandbox.provider.failNext("authorize", failure);
    const result = await sandbox.signIn(["get-token"]);
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertMatch(result.stderr, error);
    assertMatch(result.stderr, /\nHint: [^]*(administrator|granted for all users)/);
  }
  assertEquals(sandbox.provider.requestsTo("token").length, 0);
});

Deno.test("get-token rejects callbacks with a wrong state and accepts the right one afterwards", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"]);
  const callback = await sandbox.userAgent.authorize(await sandbox.browser.next(), ADA);
  const { state: _state, ...stateless } = callback.params;
  for (
    const params of [
      { ...callback.params, state: "wrong" },
      { ...callback.params, state: "" },
      stateless,
      { error: "access_denied", state: "wrong" },
    ]
  ) {
    const page = await sandbox.userAgent.deliver({ ...callback, params });
    assertEquals(page.status, 400);
  }
  const page = await sandbox.userAgent.deliver(callback);
  assertEquals(page.status, 200);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertEquals(sandbox.provider.requestsTo("token").length, 1);
});

Deno.test("get-token exits with code 5 if nobody signs in and reports what reached the port", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token", "--timeout", "2s"]);
  const url = await sandbox.browser.next();
  const result = await program.ended;
  assertEquals(result.code, 5);
  assertEquals(result.stdout, "");
  assertStringIncludes(result.stderr, "Timeout waiting for authentication callback\nHint: ");
  assertStringIncludes(result.stderr, "http://localhost");
  assertMatch(result.stderr, /Nothing reached/);
  occupyPort(redirectPort(url))[Symbol.dispose]();
});

Deno.test({
  name: "get-token frees its port on Ctrl-C and exits with code 130",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const port = freePort();
    const program = sandbox.start(["get-token", "--port", String(port)]);
    await sandbox.browser.next();
    await program.stderrMatch(/Waiting for sign-in/);
    program.kill("SIGINT");
    const result = await program.ended;
    assertEquals(result.code, 130);
    assertEquals(result.stdout, "");
    occupyPort(port)[Symbol.dispose]();
    // A second attempt can use the port at once.
    assertEquals((await sandbox.signIn(["get-token", "--port", String(port)])).code, 0);
  },
});

Deno.test("get-token shows the URL and the alternatives if the browser cannot be opened, and keeps waiting", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"], { env: { BROWSER: "no-such-browser" } });
  const [, url] = await program.stderrMatch(/^ {2}(https:\S+)$/m);
  await program.stderrMatch(/Waiting for sign-in/);
  await sandbox.userAgent.signIn(url ?? "", ADA);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assert(!result.stderr.includes("✓ Browser opened"), result.stderr);
  assertStringIncludes(result.stderr, "--show-url");
  assertStringIncludes(result.stderr, "BROWSER=firefox");
  assertStringIncludes(result.stderr, "--flow device-code");
});
