import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeClientCertificate } from "../../support/secrets/client_certificate.ts";
import { ADA, CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { hasNoPseudoTerminal, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { NO_DISPLAY, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const SECRET = CONFIDENTIAL_APPLICATION.secret ?? "";

async function createProfile({ run, provider }: Sandbox, flow: string, ...args: string[]): Promise<void> {
  const ids = ["--tenant-id", provider.tenantId, "--client-id", CONFIDENTIAL_APPLICATION.clientId];
  const result = await run([
    ...["create-profile", "--name", "web", "--flow", flow, "--authority", provider.origin],
    ...ids,
    ...args,
  ]);
  assertEquals(result.code, 0, result.stderr);
}

Deno.test("authorization-code signs a user in to a confidential client with PKCE and its secret, and refreshes with the secret", async () => {
  await using sandbox = await openSandbox();
  await createProfile(sandbox, "AuthorizationCode");
  const env = { AZURE_CLIENT_SECRET: SECRET };
  const first = await sandbox.signIn(["get-token", "-p", "web", "-o", "json"], ADA, { env });
  assertEquals(first.code, 0, first.stderr);
  const { account, source } = JSON.parse(first.stdout);
  assertEquals([account.username, source], [ADA.username, "authorization-code"]);
  const [authorize] = sandbox.provider.requestsTo("authorize");
  assertEquals([authorize?.query.code_challenge_method, authorize?.query.response_mode], [
    "S256",
    "form_post",
  ]);
  const [redeemed] = sandbox.provider.requestsTo("token");
  assertEquals([redeemed?.form.client_secret, redeemed?.form.code_verifier?.length], [SECRET, 43]);

  // A cached token needs no secret. A refresh does.
  assertEquals((await sandbox.run(["get-token", "-p", "web"])).code, 0);
  const refreshed = await sandbox.run(["refresh", "-p", "web"], { env });
  assertEquals(refreshed.code, 0, refreshed.stderr);
  const without = await sandbox.run(["refresh", "-p", "web"]);
  assertEquals(without.code, 2);
  assertStringIncludes(without.stderr, "No credential found for authorization-code");
  for (const { stderr } of [first, refreshed]) assert(!stderr.includes(SECRET));
});

Deno.test("authorization-code resolves its credential once, even if a refused refresh leads to a sign-in", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await createProfile(sandbox, "authorization-code");
  const options = { env: { AZURE_CLIENT_SECRET: SECRET } };
  assertEquals((await sandbox.signIn(["get-token", "-p", "web"], ADA, options)).code, 0);
  sandbox.provider.failNext("token", { kind: "entraError", error: "invalid_grant", aadsts: 50173 });
  const again = await sandbox.signIn(["get-token", "-p", "web", "--verbose"], ADA, options);
  assertEquals(again.code, 0, again.stderr);
  assertStringIncludes(again.stderr, "Signing in again:");
  assertEquals(again.stderr.match(/^Credential: /gm)?.length, 1, again.stderr);
});

Deno.test("authorization-code signs in and refreshes with a certificate", async () => {
  const { certificatePem, keyPem } = await makeClientCertificate();
  const { secret: _, ...application } = CONFIDENTIAL_APPLICATION;
  await using sandbox = await openSandbox({
    applications: [PUBLIC_APPLICATION, { ...application, certificate: certificatePem }],
  });
  const file = `${sandbox.folder}/both.pem`;
  await Deno.writeTextFile(file, certificatePem + "\n" + keyPem);
  await createProfile(sandbox, "authorization-code", "--certificate", file);
  const first = await sandbox.signIn(["get-token", "-p", "web"]);
  assertEquals(first.code, 0, first.stderr);
  const refreshed = await sandbox.run(["refresh", "-p", "web"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
  const assertions = sandbox.provider.requestsTo("token").map(({ form }) => form.client_assertion);
  assertEquals([assertions.length, new Set(assertions).size], [2, 2]);
});

Deno.test("authorization-code reports AADSTS7000215 for a wrong secret on stderr and in the browser", async () => {
  await using sandbox = await openSandbox();
  await createProfile(sandbox, "authorization-code");
  const env = { AZURE_CLIENT_SECRET: "wrong" };
  const { page, ...result } = await sandbox.signIn(["get-token", "-p", "web"], ADA, { env });
  assertEquals([result.code, result.stdout], [3, ""], result.stderr);
  assertMatch(result.stderr, /The client secret is wrong \(AADSTS7000215, .*\)\nHint: /);
  assertStringIncludes(page.body, "The client secret is wrong");
});

Deno.test({
  name: hasNoPseudoTerminal
    ? "authorization-code without a display (ignored: no pseudo-terminal here)"
    : "authorization-code shows the URL without a display and requests no device code",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    await createProfile(sandbox, "authorization-code");
    const noDisplay = { ...NO_DISPLAY, AZURE_CLIENT_SECRET: SECRET };
    for (const env of [noDisplay, { ...noDisplay, SSH_TTY: "/dev/pts/1" }]) {
      const terminal = await startOnTerminal(sandbox, "entra-auth-cli get-token -p web --force", { env });
      const [, url = ""] = await terminal.stdoutMatch(/^ {2}(https:\S+)\r$/m);
      await sandbox.userAgent.signIn(url, ADA);
      const { code, stdout } = await terminal.ended;
      assertEquals(code, 0, stdout);
      assertEquals(stdout.includes("ssh -L"), "SSH_TTY" in env, stdout);
    }
    assertEquals(sandbox.provider.requestsTo("devicecode"), []);
  },
});
