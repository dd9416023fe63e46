import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { deriveChallenge } from "../../../src/entra/pkce.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const EXPIRY = String.raw`Token expires: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;

Deno.test("get-token signs in through the browser and prints the specification's status lines", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.signIn(["get-token", "--flow", "interactive"]);
  assertEquals(result.code, 0, result.stderr);
  assertMatch(
    result.stderr,
    new RegExp(
      "^Opening browser for authentication\\.\\.\\.\n✓ Browser opened\n⏳ Waiting for sign-in\\.\\.\\.\n" +
        `✓ Authentication successful!\nSigned in as \\S+\n${EXPIRY}\nToken saved to profile 'default'\n$`,
    ),
  );
  assertEquals(result.stdout.split(".").length, 3, "stdout has only the token");
  assertEquals(result.page.status, 200);
  assertStringIncludes(result.page.body, "ada@contoso.example");
});

Deno.test("get-token sends PKCE, state, nonce and form_post and redeems the code once with the verifier", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const [authorize] = sandbox.provider.requestsTo("authorize");
  const redemptions = sandbox.provider.requestsTo("token");
  assertEquals(redemptions.length, 1);
  const query = authorize?.query ?? {};
  const form = redemptions[0]?.form ?? {};
  assertEquals(query.response_type, "code");
  assertEquals(query.response_mode, "form_post");
  assertEquals(query.code_challenge_method, "S256");
  assertEquals(query.code_challenge, await deriveChallenge(form.code_verifier ?? ""));
  assertMatch(query.state ?? "", /^[\w-]{43}$/);
  assertMatch(query.nonce ?? "", /^[\w-]{43}$/);
  assertNotEquals(query.state, query.nonce);
  assertMatch(query.redirect_uri ?? "", /^http:\/\/localhost:\d+$/);
  assertEquals(form.redirect_uri, query.redirect_uri);
  assertEquals(query.prompt, "select_account", "the first sign-in of a profile asks for the account");
  assertEquals(form.client_secret, undefined);
});

Deno.test("get-token sends --login-hint, --prompt and --tenant-id to the authority", async () => {
  await using sandbox = await openSandbox();
  const flags = ["--login-hint", "ada@contoso.example", "--prompt", "login", "--tenant-id", "organizations"];
  const result = await sandbox.signIn(["get-token", ...flags]);
  assertEquals(result.code, 0, result.stderr);
  const [authorize] = sandbox.provider.requestsTo("authorize");
  assertMatch(authorize?.path ?? "", /^\/organizations\//);
  assertEquals([authorize?.query.login_hint, authorize?.query.prompt], ["ada@contoso.example", "login"]);
});

Deno.test("get-token returns the cached token without a network and without a browser", async () => {
  await using sandbox = await openSandbox();
  const first = await sandbox.signIn(["get-token"]);
  await sandbox.provider.stop();
  const second = await sandbox.run(["get-token", "--no-interactive"], { hosts: [] });
  assertEquals(second.code, 0, second.stderr);
  assertEquals(second.stdout, first.stdout);
  assertEquals(second.stderr, "", "a cached token in a pipe needs no words");
  const verbose = await sandbox.run(["get-token", "--no-interactive", "--verbose"], { hosts: [] });
  assertMatch(verbose.stderr, new RegExp(`^✓ Using cached token\n${EXPIRY}\n$`));
  assertEquals(sandbox.browser.count, 1);
});

Deno.test("get-token refreshes an expired token without the browser", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 1 });
  const first = await sandbox.signIn(["get-token"]);
  while ((await sandbox.run(["inspect"])).code === 0);
  sandbox.provider.setAccessTokenTtl(3600);
  const second = await sandbox.run(["get-token", "--output", "json"]);
  assertEquals(second.code, 0, second.stderr);
  assertMatch(
    second.stderr,
    new RegExp(`^⟳ Refreshing expired token\\.\\.\\.\n✓ Token refreshed\n${EXPIRY}\n$`),
  );
  const document = JSON.parse(second.stdout);
  assertNotEquals(document.access_token, first.stdout.trim());
  assertEquals(document.source, "refresh");
  const third = await sandbox.run(["get-token", "--output", "token"]);
  assertEquals(third.stdout.trim(), document.access_token, "the refreshed token is cached");
  assertEquals(sandbox.browser.count, 1);
  assertEquals(sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type), [
    "authorization_code",
    "refresh_token",
  ]);
});

Deno.test("get-token refreshes a token with less than five minutes left", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 299 });
  await sandbox.signIn(["get-token"]);
  const result = await sandbox.run(["get-token", "--no-interactive"]);
  assertMatch(result.stderr, new RegExp(`^⟳ Refreshing token\\.\\.\\.\n✓ Token refreshed\n${EXPIRY}\n$`));
});

Deno.test("get-token --force opens the browser even if the cached token is valid", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const again = await sandbox.signIn(["get-token", "--force"]);
  assertEquals(again.code, 0, again.stderr);
  assertStringIncludes(again.stderr, "✓ Authentication successful!");
  assertEquals(sandbox.browser.count, 2);
  const grants = sandbox.provider.requestsTo("token").map(({ form }) => form.grant_type);
  assertEquals(grants, ["authorization_code", "authorization_code"]);
});

Deno.test("get-token --no-cache neither uses nor stores a token", async () => {
  await using sandbox = await openSandbox();
  const result = await sandbox.signIn(["get-token", "--no-cache"]);
  assertEquals(result.code, 0, result.stderr);
  assert(!result.stderr.includes("Token saved"), result.stderr);
  const next = await sandbox.run(["get-token", "--no-interactive"]);
  assertEquals(next.code, 9, next.stderr);
  assertEquals(next.stdout, "");
});

Deno.test("get-token --show-url prints the URL, opens no browser and completes when the URL is visited", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token", "--show-url", "--quiet"]);
  const [url] = await program.stderrMatch(/https:\S+/);
  await program.stderrMatch(/\n$/);
  assert(!url.includes("verifier"), "the verifier never leaves the program");
  await sandbox.userAgent.signIn(url, {
    username: "ada@contoso.example",
    password: "correct horse battery staple",
  });
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  assertEquals(sandbox.browser.count, 0);
});
