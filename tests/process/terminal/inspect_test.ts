import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { parse as parseYaml } from "@std/yaml/parse";
import { SignJWT } from "jose";
import { signingKey } from "../../support/provider/signing_key.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, hasNoShell, runShell } from "../../support/program/shell.ts";

const API = "api://payroll/Salaries.Read";

/** Makes a token that the provider's key signed, with claims that the provider does not issue. */
async function signToken(
  { provider }: Sandbox,
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): Promise<string> {
  const { jwk, privateKey } = await signingKey();
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT({
    iss: provider.issuer,
    tid: provider.tenantId,
    aud: "api://payroll",
    nbf: now - 60,
    exp: now + 600,
    ...claims,
  }).setProtectedHeader({ alg: "RS256", kid: jwk.kid, ...header }).sign(privateKey);
}

/** Fails if the output contains a usable part of the token. */
function assertHides(token: string, { stdout, stderr }: { stdout: string; stderr: string }): void {
  const [, payload = "", signature = ""] = token.split(".");
  for (const part of [payload, signature]) assert(!`${stdout}${stderr}`.includes(part.slice(0, 40)));
}

Deno.test("inspect reads a token from an argument, standard input or a file, and does not print it", async () => {
  await using sandbox = await openSandbox();
  const token = await signToken(sandbox, {
    scp: "Salaries.Read Salaries.Write",
    roles: ["Clerk"],
    name: "Ada",
  });
  const file = join(sandbox.folder, "token");
  await Deno.writeTextFile(file, `Authorization: Bearer ${token}\n`);
  const results = [
    await sandbox.run(["inspect", token]),
    await sandbox.run(["inspect", "-"], { stdin: `${token}\n` }),
    await sandbox.run(["inspect", "--file", file]),
    await sandbox.run(["inspect", "--file", "-"], { stdin: token }),
  ];
  for (const result of results) {
    assertEquals([result.code, result.stderr], [0, ""]);
    assertMatch(result.stdout, /^Scopes: +Salaries\.Read\n +Salaries\.Write\nRoles: +Clerk$/m);
    assertMatch(result.stdout, /^Expires: .*\(in 9 minutes\)$/m);
    assertHides(token, result);
  }
  assertEquals(sandbox.provider.requests.length, 0, "no request is sent");
});

Deno.test("inspect exits with 0 for a valid token, 6 for one that is not valid now, and 2 for anything else", async () => {
  await using sandbox = await openSandbox();
  const now = Math.floor(Date.now() / 1000);
  const inspect = (stdin: string) => sandbox.run(["inspect", "-"], { stdin });
  for (
    const [claims, words] of [[{ exp: now - 90 }, "has expired"], [
      { nbf: now + 90 },
      "is not valid yet",
    ]] as const
  ) {
    const result = await inspect(await signToken(sandbox, claims));
    assertEquals(result.code, 6, result.stderr);
    assertMatch(result.stderr, new RegExp(`^error: The token ${words}\nHint: `));
    assertMatch(result.stdout, /^State:/);
  }
  for (const text of ["", "nonsense", "0.AXoAopaque-refresh-token", "a.b.c"]) {
    const result = await inspect(text);
    assertEquals([result.code, result.stdout], [2, ""], text);
    assert(text === "" || !result.stderr.includes(text), result.stderr);
  }
  const missing = await sandbox.run(["inspect", "--file", join(sandbox.folder, "none")]);
  assertEquals([missing.code, missing.stdout], [2, ""]);
  const empty = await sandbox.run(["inspect", ""]);
  assertEquals([empty.code, empty.stdout], [2, ""], "an unset variable is not the cached token");
});

Deno.test({
  name: "inspect reports the expiry of a token to scripts by its exit code and JSON",
  ignore: hasNoShell || !hasCommand("jq"),
  async fn() {
    await using sandbox = await openSandbox();
    const script = "if entra-auth-cli inspect >/dev/null 2>&1; then echo yes; else echo no; fi";
    assertEquals((await runShell(sandbox, script)).stdout, "no\n");
    const before = Math.floor(Date.now() / 1000);
    await sandbox.signIn(["get-token"]);
    assertEquals((await runShell(sandbox, script)).stdout, "yes\n");
    const jq = "entra-auth-cli inspect --output json | jq -r '.exp, .inspection.state'";
    const [exp, state] = (await runShell(sandbox, jq)).stdout.split("\n");
    assert(Number(exp) >= before + 3600, exp);
    assertEquals(state, "valid");
    const yaml = parseYaml((await sandbox.run(["inspect", "-o", "yaml"])).stdout) as Record<string, unknown>;
    assertEquals(yaml.exp, Number(exp));
  },
});

Deno.test("inspect --verify and sign-ins work while the tenant's keys rotate, until the retired key is removed", async () => {
  await using sandbox = await openSandbox();
  const { provider } = sandbox;
  const signIn = async () => (await sandbox.signIn(["get-token", "--force", "--scope", API])).stdout.trim();
  const verify = (stdin: string) =>
    sandbox.run(["inspect", "--verify", "--authority", provider.origin, "-"], { stdin });
  const before = await signIn();
  await provider.rotateKey();
  assertEquals((await verify(before)).code, 0, "the retired key is still published");
  const after = await signIn();
  assertEquals((await verify(after)).code, 0);
  provider.removeRetiredKeys();
  assertEquals((await verify(after)).code, 0);
  const refused = await verify(before);
  assertEquals(refused.code, 6);
  assertMatch(refused.stderr, /The signature was not made with a key of the tenant on localhost:\d+/);
});

Deno.test("inspect --verify verifies the signature with the tenant's keys", async () => {
  await using sandbox = await openSandbox();
  const token = (await sandbox.signIn(["get-token", "--scope", API])).stdout.trim();
  const kept = await sandbox.run(["inspect", "--verify"]);
  assertEquals([kept.code, kept.stderr], [0, ""]);
  assertMatch(kept.stdout, /^Signature: +valid/m);
  const { origin } = sandbox.provider;
  const verify = (stdin: string, ...args: string[]) =>
    sandbox.run(["inspect", "--verify", "--authority", origin, ...args, "-"], { stdin });
  assertEquals((await verify(token)).code, 0);

  const [header, , signature] = token.split(".");
  const payload = (await signToken(sandbox, { scp: "Everything" })).split(".")[1];
  const forged = await verify(`${header}.${payload}.${signature}`, "--output", "json");
  assertEquals(forged.code, 6, forged.stderr);
  assertEquals(JSON.parse(forged.stdout).inspection.signature.state, "wrong");
  assertEquals(JSON.parse(forged.stderr).error.code, "unverified");

  const asked = sandbox.provider.requestsTo("keys").length;
  const forGraph = await verify(await signToken(sandbox, {}, { nonce: "n" }));
  assertEquals(forGraph.code, 6);
  assertMatch(forGraph.stderr, /^error: The token cannot be verified: .*Microsoft Graph/);
  assertEquals(sandbox.provider.requestsTo("keys").length, asked, "no request for keys");
  assertStringIncludes(forGraph.stdout, "api://payroll");

  await sandbox.provider.stop();
  const offline = await sandbox.run(["inspect", "--verify"]);
  assertEquals([offline.code, offline.stdout], [4, ""], offline.stderr);
});
