import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { B2C } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

Deno.test("an Entra error is explained with commands for this application, on the terminal and in the page", async () => {
  await using sandbox = await openSandbox();
  const { provider } = sandbox;
  provider.failNext("token", { kind: "entraError", error: "invalid_client", aadsts: 7000218, status: 401 });
  const result = await sandbox.signIn(["get-token", "--verbose"]);
  assertEquals([result.code, result.stdout], [3, ""]);
  assertMatch(
    result.stderr,
    /^error: The application is not registered as a public client \(AADSTS7000218, correlation ID [\da-f-]{36}\)\nDetails: .*\nHint: /m,
  );
  for (const shown of [result.stderr, result.page.body.replaceAll(/<\/?span>/g, "")]) {
    assertStringIncludes(shown, `az login --tenant ${provider.tenantId}`);
    assertStringIncludes(
      shown,
      `az ad app update --id ${provider.clientId} --is-fallback-public-client true`,
    );
    assertStringIncludes(shown, "delegated permissions only");
  }
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
    `The application has no permission for this API, or nobody has consented (AADB2C90205, correlation ID ${id})\nHint: `,
  );
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
    const reference = `\\(AADSTS${aadsts}, correlation ID [\\da-f-]{36}\\)`;
    assertMatch(
      result.stderr,
      new RegExp(`^error: localhost:\\d+ is unavailable \\(status ${status}\\)${words}.* ${reference}$`, "m"),
    );
  }
});

Deno.test("terms of use, multifactor authentication and a new password open the browser", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  const terms = "The terms 'Contoso 2026' must be accepted.";
  for (const aadsts of [50158, 50076, 50055]) {
    const opened = sandbox.browser.count;
    const named = aadsts === 50158 ? { description: terms } : {};
    sandbox.provider.failNext("token", {
      kind: "entraError",
      error: "interaction_required",
      aadsts,
      ...named,
    });
    const result = await sandbox.signIn(["get-token"]);
    assertEquals([result.code, sandbox.browser.count], [0, opened + 1], result.stderr);
    const details = aadsts === 50158 ? `Details: AADSTS50158: ${terms}\n` : "";
    assertStringIncludes(
      result.stderr,
      `(AADSTS${aadsts})\n${details}Opening browser for authentication...\n`,
    );
  }
});

Deno.test("a policy against device codes ends the flow at once with an alternative", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("devicecode", { kind: "entraError", error: "invalid_grant", aadsts: 530033 });
  const result = await sandbox.run(["get-token", "--flow", "device-code"]);
  assertEquals([result.code, result.stdout], [3, ""], result.stderr);
  assertStringIncludes(
    result.stderr,
    "A Conditional Access policy does not allow the device code flow (AADSTS530033, correlation ID ",
  );
  assertStringIncludes(result.stderr, "get-token --profile default --force --flow interactive");
  assertEquals([sandbox.browser.count, sandbox.provider.requestsTo("token").length], [0, 0]);
});

Deno.test("a code that is refused with 70000 is not called a saved sign-in", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_grant", aadsts: 70000 });
  const result = await sandbox.signIn(["get-token"]);
  assertEquals([result.code, result.stdout], [3, ""]);
  assertMatch(result.stderr, /^error: Entra did not accept the code of the sign-in \(AADSTS70000, /m);
  assert(!result.stderr.includes("saved sign-in"), result.stderr);
});

Deno.test("a token response without an ID token is named as that", async () => {
  await using sandbox = await openSandbox();
  sandbox.provider.failNext("token", { kind: "rewrite", rewrite: ({ id_token: _, ...rest }) => rest });
  const result = await sandbox.signIn(["get-token"]);
  assertEquals([result.code, result.stdout], [3, ""]);
  assertMatch(result.stderr, /^error: The token response has no ID token\nHint: /m);
});

Deno.test("a tenant without a discovery document is named", async () => {
  await using sandbox = await openSandbox({ authorities: [B2C] });
  for (const body of ["{}", "Not found"]) {
    sandbox.provider.failNext("discovery", { kind: "response", status: 404, body });
    const result = await sandbox.run(["get-token"]);
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertMatch(
      result.stderr,
      new RegExp(`localhost:\\d+ has no tenant "${sandbox.provider.tenantId}" \\(status 404\\)`),
    );
  }
  // B2C and AD FS send a page; Entra itself has an error number.
  const { clientId, origin } = sandbox.provider;
  for (
    const [authority, named] of [
      [
        `https://${B2C.host}/${B2C.tenant}/B2C_1_missing`,
        `has no tenant "${B2C.tenant}/b2c_1_missing" (status 404)`,
      ],
      [`https://${B2C.host}/adfs`, `${B2C.host} has no tenant "adfs" (status 404)`],
      [`${origin}/missing.example`, "AADSTS90002"],
    ] as const
  ) {
    const result = await sandbox.run(["get-token", "--authority", authority, "--client-id", clientId]);
    assertEquals([result.code, result.stdout], [3, ""], result.stderr);
    assertStringIncludes(result.stderr, named);
    assertStringIncludes(result.stderr, authority.endsWith("example") ? "missing.example" : "--tenant-id");
  }
  assertEquals(sandbox.browser.count, 0);
});

Deno.test("Entra's own words follow if they name something more, with --verbose, and in JSON", async () => {
  await using sandbox = await openSandbox();
  const failWith = (aadsts: number, description: string) =>
    sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_grant", aadsts, description });
  const guest = "User account 'ben@fabrikam.example' does not exist in tenant.";
  failWith(50020, guest);
  const naming = await sandbox.signIn(["get-token"]);
  assertStringIncludes(naming.stderr, `\nDetails: AADSTS50020: ${guest}\nHint: `);
  const plain = "The user account is disabled.";
  failWith(50057, plain);
  const short = await sandbox.signIn(["get-token"]);
  assert(!short.stderr.includes("Details: "), short.stderr);
  failWith(50057, plain);
  const verbose = await sandbox.signIn(["get-token", "--verbose"]);
  assertStringIncludes(verbose.stderr, `\nDetails: AADSTS50057: ${plain}\n`);
  failWith(50057, plain);
  const json = await sandbox.signIn(["get-token", "--quiet", "--output", "json"]);
  const { error } = JSON.parse(json.stderr);
  assertEquals([error.message, error.description], ["The account is disabled", `AADSTS50057: ${plain}`]);
});

Deno.test("hints name the API of the scopes and the user of the session in place of placeholders", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_grant", aadsts: 50057 });
  const disabled = await sandbox.run(["get-token"]);
  assertStringIncludes(disabled.stderr, "az ad user update --id ada@contoso.example --account-enabled true");
  sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_resource", aadsts: 500011 });
  const unknown = await sandbox.run(["get-token", "--scope", "https://api.contoso.example/.default"]);
  assertStringIncludes(unknown.stderr, "n eq 'https://api.contoso.example'");
  for (const { stderr } of [disabled, unknown]) assert(!/RESOURCE|--id USER/.test(stderr), stderr);
});

Deno.test("an unknown number with a known suberror keeps Entra's words and its page, and the suberror decides", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  const description = "A rule of this tenant.";
  const failure = { kind: "entraError", error: "invalid_grant", aadsts: 999999, description } as const;
  sandbox.provider.failNext("token", { ...failure, suberror: "message_only" });
  const result = await sandbox.run(["get-token", "--verbose"]);
  assertEquals([result.code, result.stdout, sandbox.browser.count], [3, "", 1]);
  assertStringIncludes(
    result.stderr,
    `signing in again would not change that: AADSTS999999: ${description} (`,
  );
  assertStringIncludes(result.stderr, "https://login.microsoftonline.com/error?code=999999");
});
