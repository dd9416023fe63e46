import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { decodeJwt } from "jose";
import { ADA } from "../../support/provider/directory.ts";
import type { Json } from "../../support/provider/failures.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const LONG = "https://graph.microsoft.com/User.Read";

function grants({ provider }: Sandbox): (string | undefined)[] {
  return provider.requestsTo("token").map(({ form }) => form.grant_type);
}

Deno.test("refresh replaces a valid cached token and prints no token", async () => {
  await using sandbox = await openSandbox();
  const first = (await sandbox.signIn(["get-token"])).stdout.trim();
  const refreshed = await sandbox.run(["refresh"]);
  assertEquals([refreshed.code, refreshed.stdout], [0, ""], refreshed.stderr);
  assertMatch(
    refreshed.stderr,
    /^⟳ Refreshing token\.\.\.\n✓ Token refreshed\nToken expires: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/,
  );
  const second = (await sandbox.run(["get-token"])).stdout.trim();
  assertNotEquals(second, first);
  assertNotEquals(decodeJwt(second).uti, decodeJwt(first).uti);
  assertEquals(sandbox.browser.count, 1);
  assertEquals(grants(sandbox), ["authorization_code", "refresh_token"]);
  // Refresh tokens rotate: the next refresh works only if the new one was stored.
  assertEquals((await sandbox.run(["refresh"])).code, 0);
});

Deno.test("refresh without a sign-in exits with code 6 and prints the command that signs in", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.run(["refresh"]);
  assertEquals([result.code, result.stdout], [6, ""], result.stderr);
  assertStringIncludes(result.stderr, "Hint: Sign in: entra-auth-cli get-token --profile default");
  assertEquals(sandbox.browser.count, 0, "refresh never opens a browser");
});

Deno.test("clear-cache makes the next get-token open the browser and keeps the tokens of other profiles", async () => {
  await using sandbox = await openSandbox();
  await sandbox.run(createProfileArgs("other", sandbox.provider));
  await sandbox.signIn(["get-token"]);
  const other = await sandbox.signIn(["get-token", "--profile", "other"]);
  const cleared = await sandbox.run(["clear-cache"]);
  assertEquals([cleared.code, cleared.stdout], [0, ""], cleared.stderr);

  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
  assertStringIncludes(again.stderr, "Opening browser for authentication...");
  assertEquals(sandbox.browser.count, 3);
  const untouched = await sandbox.run(["get-token", "--profile", "other"]);
  assertEquals([untouched.code, untouched.stdout], [0, other.stdout]);
  assertEquals(untouched.stderr, "");

  const twice = await sandbox.run(["clear-cache", "--profile", "other"]);
  assertEquals(twice.code, 0);
  const nothing = await sandbox.run(["clear-cache", "--profile", "other"]);
  assertEquals([nothing.code, nothing.stdout], [0, ""], "an empty cache is not a failure");
});

Deno.test("inspect shows the account and the expiry, never the token", async () => {
  await using sandbox = await openSandbox();
  const none = await sandbox.run(["inspect"]);
  assertEquals([none.code, none.stdout], [6, ""]);
  assertStringIncludes(none.stderr, "Hint: Sign in: entra-auth-cli get-token --profile default");

  const token = (await sandbox.signIn(["get-token"])).stdout.trim();
  const text = await sandbox.run(["inspect"]);
  assertEquals([text.code, text.stderr], [0, ""]);
  for (const shown of [ADA.username, sandbox.provider.tenantId, sandbox.provider.clientId, "User.Read"]) {
    assertStringIncludes(text.stdout, shown);
  }
  assertMatch(
    text.stdout,
    /^Expires: +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (UTC|[+-]\d\d:\d\d) \(in 59 minutes\)$/m,
  );
  const json = await sandbox.run(["inspect", "--output", "json"]);
  const document = JSON.parse(json.stdout);
  const { profile, valid, account } = document.inspection;
  assertEquals([profile, valid, account.username], ["default", true, ADA.username]);
  assertEquals(document.oid, ADA.objectId, "the claims are part of the document");
  const signature = token.split(".")[2] ?? "";
  for (const { stdout, stderr } of [text, json]) {
    assert(!stdout.includes(signature) && !stderr.includes(signature));
  }
});

Deno.test("get-token accepts scopes in one string, in several flags and separated by commas", async () => {
  await using sandbox = await openSandbox();
  const spellings = [
    ["--scope", "User.Read Mail.Read"],
    ["--scope", "User.Read", "--scope", "Mail.Read"],
    ["-s", "User.Read,Mail.Read"],
  ];
  for (const scopes of spellings) {
    const result = await sandbox.signIn(["get-token", "--force", ...scopes]);
    assertEquals(result.code, 0, result.stderr);
    const asked = sandbox.provider.requestsTo("authorize").at(-1)?.query.scope?.split(" ") ?? [];
    assertEquals(asked.filter((scope) => scope.includes(".")), ["User.Read", "Mail.Read"]);
    assert(["openid", "profile", "offline_access"].every((scope) => asked.includes(scope)), asked.join(" "));
    assertEquals(String(decodeJwt(result.stdout.trim()).scp).split(" ").slice(0, 2), [
      "User.Read",
      "Mail.Read",
    ]);
  }
});

Deno.test("get-token refreshes silently for other scopes and caches each set of scopes", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token", "--scope", "User.Read Mail.Read"]);
  sandbox.provider.setAccessTokenTtl(3600);
  const sourceFor = async (scope: string) => {
    const result = await sandbox.run(["get-token", "--output", "json", "--scope", scope]);
    assertEquals(result.code, 0, result.stderr);
    return JSON.parse(result.stdout).source;
  };
  assertEquals(await sourceFor("Mail.Read"), "refresh");
  assertEquals(await sourceFor("User.Read"), "refresh", "a token for mail does not cover it");
  assertEquals(await sourceFor(LONG), "cache");
  assertEquals(await sourceFor("mail.read"), "cache", "Entra ignores case");
  assertEquals(await sourceFor("https://graph.microsoft.com/Mail.Read"), "cache");
  assertEquals(sandbox.browser.count, 1);

  const withoutConsent = await sandbox.signIn(["get-token", "--scope", "Calendars.Read"]);
  assertEquals(withoutConsent.code, 0, withoutConsent.stderr);
  assertEquals(sandbox.browser.count, 2, "a scope without consent needs the user");
});

Deno.test("get-token returns the cached token for both spellings of a Graph scope", async () => {
  await using sandbox = await openSandbox();
  const { stdout } = await sandbox.signIn(["get-token", "--scope", "User.Read"]);
  await sandbox.provider.stop();
  for (const scope of ["User.Read", LONG, LONG.toLowerCase()]) {
    const result = await sandbox.run(["get-token", "--scope", scope]);
    assertEquals([result.code, result.stdout], [0, stdout], `${scope}: ${result.stderr}`);
  }
});

Deno.test("get-token returns the token with a warning if not all scopes were granted", async () => {
  await using sandbox = await openSandbox();
  const grantLess = (genuine: Json): Json => ({ ...genuine, scope: "openid profile User.Read" });
  sandbox.provider.failNext("token", { kind: "rewrite", rewrite: grantLess });
  const result = await sandbox.signIn(["get-token", "--quiet", "--scope", "User.Read Mail.Read"]);
  assertEquals(result.code, 0, result.stderr);
  assertEquals(result.stderr, "warning: these scopes were not granted: Mail.Read\n");
  assertEquals(result.stdout.split(".").length, 3);
});

Deno.test("get-token opens the browser if the refresh token was revoked", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  sandbox.provider.setAccessTokenTtl(3600);
  const revoked = { kind: "entraError", error: "invalid_grant", aadsts: 50173 } as const;
  sandbox.provider.failNext("token", revoked);
  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
  assertStringIncludes(again.stderr, "✓ Authentication successful!");
  assertEquals(sandbox.browser.count, 2);
  assertEquals(sandbox.provider.requestsTo("authorize").at(-1)?.query.login_hint, ADA.username);

  sandbox.provider.failNext("token", revoked);
  const refused = await sandbox.run(["refresh"]);
  assertEquals([refused.code, refused.stdout], [3, ""], refused.stderr);
  assertStringIncludes(refused.stderr, "Hint: Sign in: entra-auth-cli get-token --profile default --force");
  assertEquals(sandbox.browser.count, 2, "refresh never opens a browser");
});

Deno.test("get-token --no-interactive exits with code 9 and opens no browser if the refresh token was revoked", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_grant", aadsts: 50173 });
  const result = await sandbox.run(["get-token", "--no-interactive"]);
  assertEquals([result.code, result.stdout], [9, ""], result.stderr);
  assertEquals(sandbox.browser.count, 1);
});

Deno.test("get-token passes the claims of a refused refresh to the browser", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: "1700000000" } } });
  sandbox.provider.failNext("token", {
    kind: "entraError",
    error: "interaction_required",
    aadsts: 50076,
    claims,
  });
  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
  const sent = JSON.parse(sandbox.provider.requestsTo("authorize").at(-1)?.query.claims ?? "null");
  assertEquals(sent?.access_token?.nbf, { essential: true, value: "1700000000" });
});

Deno.test("get-token with an expired token and no network exits with code 4 and opens no browser", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 1 });
  await sandbox.signIn(["get-token"]);
  await untilExpired(sandbox);
  await sandbox.provider.stop();
  const result = await sandbox.run(["get-token"]);
  assertEquals([result.code, result.stdout], [4, ""], result.stderr);
  assertMatch(result.stderr, /^⟳ Refreshing expired token\.\.\.\n.*refused the connection\nHint: /);
  assertEquals(sandbox.browser.count, 1, "a browser would not help");
  const refresh = await sandbox.run(["refresh"]);
  assertEquals([refresh.code, refresh.stdout], [4, ""]);
});

Deno.test("get-token returns the cached token with a warning if it is still valid and the network fails", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 200 });
  const first = await sandbox.signIn(["get-token"]);
  await sandbox.provider.stop();
  const result = await sandbox.run(["get-token"]);
  assertEquals([result.code, result.stdout], [0, first.stdout], result.stderr);
  assertMatch(result.stderr, /^warning: .*\n/m);
  assertStringIncludes(result.stderr, "The cached token is still valid");
  const explicit = await sandbox.run(["refresh"]);
  assertEquals([explicit.code, explicit.stdout], [4, ""], "an explicit refresh never returns the old token");
});

Deno.test("concurrent get-token calls with an expired token send one refresh", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await sandbox.signIn(["get-token"]);
  sandbox.provider.setAccessTokenTtl(3600);
  const results = await Promise.all([1, 2, 3, 4].map(() => sandbox.run(["get-token"])));
  assertEquals(results.map(({ code }) => code), [0, 0, 0, 0], results.map(({ stderr }) => stderr).join("\n"));
  assertEquals(new Set(results.map(({ stdout }) => stdout)).size, 1);
  assertEquals(grants(sandbox), ["authorization_code", "refresh_token"]);
});

Deno.test("get-token never returns the token of another tenant or application", async () => {
  const otherTenant = "99999999-2222-4333-8444-555555555555";
  await using sandbox = await openSandbox({ otherTenantIds: [otherTenant] });
  await sandbox.signIn(["get-token"]);
  const elsewhere = await sandbox.run(["get-token", "--no-interactive", "--tenant-id", otherTenant]);
  assertEquals([elsewhere.code, elsewhere.stdout], [9, ""], elsewhere.stderr);
  const otherApp = ["get-token", "--no-interactive", "--client-id", crypto.randomUUID()];
  assertEquals((await sandbox.run(otherApp)).code, 9);
  assertEquals((await sandbox.run(["get-token", "--no-interactive"])).code, 0);
});

/** Runs `inspect` until it reports the token, which is valid for a second, as expired. */
async function untilExpired(sandbox: Sandbox): Promise<void> {
  while (true) {
    const { code, stdout } = await sandbox.run(["inspect"]);
    if (code !== 6) continue;
    assertMatch(stdout, /^State: +expired$/m);
    return;
  }
}
