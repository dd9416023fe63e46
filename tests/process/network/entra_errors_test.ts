import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../../support/program/sandbox.ts";

Deno.test("an Entra error is explained with commands for this application, on the terminal and in the page", async () => {
  await using sandbox = await openSandbox();
  const { provider } = sandbox;
  provider.failNext("token", { kind: "entraError", error: "invalid_client", aadsts: 7000218, status: 401 });
  const result = await sandbox.signIn(["get-token"]);
  assertEquals([result.code, result.stdout], [3, ""]);
  assertStringIncludes(result.stderr, "\nThe application is not registered as a public client\nHint: ");
  for (const shown of [result.stderr, result.page.body]) {
    assertStringIncludes(shown, `az login --tenant ${provider.tenantId}`);
    assertStringIncludes(
      shown,
      `az ad app update --id ${provider.clientId} --is-fallback-public-client true`,
    );
    assertStringIncludes(shown, "delegated permissions only");
  }
  assertMatch(result.stderr, /\(AADSTS7000218, correlation ID [\da-f-]{36}\)\n$/);
});

Deno.test("an unknown error shows Entra's message with code, ID and time", async () => {
  await using sandbox = await openSandbox();
  const description = "Nobody ever heard of this.";
  const failure = { kind: "entraError", error: "invalid_request", aadsts: 999999, description } as const;
  sandbox.provider.failNext("token", failure);
  const result = await sandbox.signIn(["get-token", "--quiet", "--output", "json"]);
  assertEquals([result.code, result.stdout], [3, ""]);
  const { error } = JSON.parse(result.stderr);
  assertEquals([error.code, error.aadsts], ["sign_in_failed", "AADSTS999999"]);
  assertEquals(error.message, `Sign-in failed: AADSTS999999: ${description}`);
  assertStringIncludes(error.hint, error.correlation_id);
  assertMatch(error.hint, /at \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/);
});

Deno.test("an Azure AD B2C error is explained too, and the browser opens if that can resolve it", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  const id = "fb3d2015-bc17-4bb9-bb85-30c5cf1aaaa7";
  const refuse = (number: string, error: string) =>
    sandbox.provider.failNext("token", {
      kind: "response",
      status: 400,
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        error,
        error_description:
          `${number}: Its own words.\r\nCorrelation ID: ${id}\r\nTimestamp: 2026-01-09 02:02:12Z\r\n`,
      }),
    });
  refuse("AADB2C90080", "invalid_grant");
  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
  assertStringIncludes(again.stderr, "Signing in again: The saved sign-in has expired (AADB2C90080)\n");
  refuse("AADB2C90205", "unauthorized_client");
  const refused = await sandbox.run(["get-token"]);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertStringIncludes(
    refused.stderr,
    "The application has no permission for this API, or nobody has consented\nHint: ",
  );
  assertStringIncludes(refused.stderr, `(AADB2C90205, correlation ID ${id})\n`);
});

Deno.test("a service failure remains a network error with its code and ID", async () => {
  await using sandbox = await openSandbox();
  for (
    const [aadsts, status, words] of [[90033, 503, ": The sign-in service is not available"], [
      999999,
      500,
      "",
    ]] as const
  ) {
    sandbox.provider.failNext("token", { kind: "entraError", error: "server_error", aadsts, status });
    const result = await sandbox.signIn(["get-token"]);
    assertEquals([result.code, result.stdout], [4, ""], result.stderr);
    assertMatch(
      result.stderr,
      new RegExp(`^localhost:\\d+ is unavailable \\(status ${status}\\)${words}`, "m"),
    );
    assertMatch(result.stderr, new RegExp(`^\\(AADSTS${aadsts}, correlation ID [\\da-f-]{36}\\)$`, "m"));
  }
});

Deno.test("terms of use, multifactor authentication and a new password open the browser", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  for (const aadsts of [50158, 50076, 50055]) {
    const opened = sandbox.browser.count;
    sandbox.provider.failNext("token", { kind: "entraError", error: "interaction_required", aadsts });
    const result = await sandbox.signIn(["get-token"]);
    assertEquals([result.code, sandbox.browser.count], [0, opened + 1], result.stderr);
    assertStringIncludes(result.stderr, `(AADSTS${aadsts})\nOpening browser for authentication...\n`);
  }
});

Deno.test("a policy against device codes ends the flow at once with an alternative", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("devicecode", { kind: "entraError", error: "invalid_grant", aadsts: 530033 });
  const result = await sandbox.run(["get-token", "--flow", "device-code"]);
  assertEquals([result.code, result.stdout], [3, ""], result.stderr);
  assertStringIncludes(
    result.stderr,
    "A Conditional Access policy does not allow the device code flow\nHint: ",
  );
  assertStringIncludes(result.stderr, "get-token --profile default --force --flow interactive");
  assertEquals([sandbox.browser.count, sandbox.provider.requestsTo("token").length], [0, 0]);
});
