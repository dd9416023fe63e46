import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { parse as parseYaml } from "@std/yaml/parse";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, runShell, signInWithShell, startShell } from "../../support/program/shell.ts";

const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const KEYS = [
  "access_token",
  "token_type",
  "expires_in",
  "expires_at",
  "scope",
  "tenant_id",
  "client_id",
  "profile",
  "account",
  "source",
];

Deno.test("get-token --output prints the same token in every format", async () => {
  await using sandbox = await openSandbox();
  const { stdout: bare } = await sandbox.signIn(["get-token"]);
  const token = bare.trim();
  assertMatch(token, JWT);
  const print = async (form: string) => {
    const result = await sandbox.run(["get-token", "--output", form]);
    assertEquals(result.code, 0, result.stderr);
    return result.stdout;
  };
  assertEquals(await print("text"), `${token}\n`);
  assertEquals(await print("token"), `${token}\n`);
  assertEquals(await print("env"), `ACCESS_TOKEN=${token}\n`);
  assertEquals(await print("header"), `Authorization: Bearer ${token}\n`);
  const forAz = JSON.parse(await print("az"));
  assertEquals(Object.keys(forAz), [
    "accessToken",
    "expiresOn",
    "expires_on",
    "subscription",
    "tenant",
    "tokenType",
  ]);
  assertEquals([forAz.accessToken, forAz.tenant], [token, sandbox.provider.tenantId]);
  assertMatch(forAz.expiresOn, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/);
  assertEquals(Date.parse(`${forAz.expiresOn.replace(" ", "T")}Z`) / 1000, forAz.expires_on);
  const fromYaml = parseYaml(await print("yaml")) as Record<string, unknown>;
  const fromJson = JSON.parse(await print("json"));
  assertEquals(Object.keys(fromYaml), KEYS);
  assertEquals(fromYaml.access_token, token);
  assertEquals(fromYaml.account, fromJson.account);
});

Deno.test("get-token and refresh --output json have the same keys from a sign-in, the cache and a refresh", async () => {
  await using sandbox = await openSandbox();
  const { tenantId, clientId } = sandbox.provider;
  const before = Math.floor(Date.now() / 1000);
  const documents = [
    JSON.parse((await sandbox.signIn(["get-token", "--output", "json"])).stdout),
    JSON.parse((await sandbox.run(["get-token", "-o", "json"])).stdout),
  ];
  await sandbox.run(["clear-cache"]);
  sandbox.provider.setAccessTokenTtl(60);
  await sandbox.signIn(["get-token"]);
  sandbox.provider.setAccessTokenTtl(3600);
  documents.push(JSON.parse((await sandbox.run(["get-token", "--output=json"])).stdout));
  documents.push(JSON.parse((await sandbox.run(["refresh", "--output=json"])).stdout));

  assertEquals(documents.map(({ source }) => source), ["interactive", "cache", "refresh", "refresh"]);
  for (const document of documents) {
    assertEquals(Object.keys(document), KEYS);
    assertMatch(document.access_token, JWT);
    assertEquals(document.token_type, "Bearer");
    assert(Number.isInteger(document.expires_in) && document.expires_in > 0 && document.expires_in <= 3600);
    assertMatch(document.expires_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert(Date.parse(document.expires_at) / 1000 >= before + 3600, document.expires_at);
    assertStringIncludes(document.scope, "User.Read");
    assertEquals([document.tenant_id, document.client_id, document.profile], [tenantId, clientId, "default"]);
    assertEquals(document.account, {
      username: ADA.username,
      object_id: ADA.objectId,
      tenant_id: tenantId,
    });
  }
});

Deno.test({
  name: "get-token --output json works with jq, with and without stderr, and a variable gets the bare token",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const signedIn = await signInWithShell(
      sandbox,
      "entra-auth-cli get-token --flow interactive --output json | jq -r .access_token",
      ADA,
    );
    assertEquals(signedIn.code, 0, signedIn.stderr);
    const token = signedIn.stdout.trim();
    assertMatch(token, JWT);
    assertStringIncludes(signedIn.stderr, "✓ Authentication successful!");

    const cached = await runShell(sandbox, "entra-auth-cli get-token --output json 2>/dev/null");
    assertEquals(cached.stderr, "");
    assertEquals(JSON.parse(cached.stdout).access_token, token);
    assert(cached.stdout.startsWith("{") && cached.stdout.endsWith("}\n"), "one document and nothing else");

    const variable = await runShell(sandbox, 'TOKEN=$(entra-auth-cli get-token) && printf "[%s]" "$TOKEN"');
    assertEquals(variable.stdout, `[${token}]`);
  },
});

Deno.test({
  name: "get-token signs in with stderr discarded, and stdout has only the document",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const result = await signInWithShell(sandbox, "entra-auth-cli get-token --output json 2>/dev/null", ADA);
    assertEquals([result.code, result.stderr], [0, ""]);
    assertEquals(JSON.parse(result.stdout).source, "interactive");
  },
});

Deno.test({
  name: "get-token works if nothing reads its stderr",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const result = await signInWithShell(
      sandbox,
      "exec 3>&1; entra-auth-cli get-token 2>&1 >&3 | true; exit 0",
      ADA,
    );
    assertMatch(result.stdout.trim(), JWT);
  },
});

Deno.test("get-token --file writes the requested format, readable only by the owner, and prints nothing", async () => {
  await using sandbox = await openSandbox();
  const file = join(sandbox.folder, "token.json");
  const signedIn = await sandbox.signIn(["get-token", "--file", file, "--output", "json"]);
  assertEquals([signedIn.code, signedIn.stdout], [0, ""], signedIn.stderr);
  const { access_token: token } = JSON.parse(await Deno.readTextFile(file));
  assertMatch(token, JWT);
  assert(!signedIn.stderr.includes(token), "a token that goes to a file is not shown");

  const bare = join(sandbox.folder, "token");
  await Deno.writeTextFile(bare, "something older and much longer than a token ".repeat(500), {
    mode: 0o644,
  });
  const other = await sandbox.run(["get-token", "--file", bare]);
  assertEquals([other.code, other.stdout], [2, ""], "a file of another kind is kept");
  assertMatch(other.stderr, /it does not contain a token\nHint: .*--force/);
  await Deno.writeTextFile(bare, `${token}\n`, { mode: 0o644 });
  const replaced = await sandbox.run(["get-token", "--file", bare]);
  assertEquals([replaced.code, replaced.stdout], [0, ""], replaced.stderr);
  assertStringIncludes(replaced.stderr, `✓ Token written to ${bare}\n`);
  assertEquals(await Deno.readTextFile(bare), `${token}\n`);
  assertEquals((await sandbox.run(["get-token", "--file", "-"])).stdout, `${token}\n`, "- is stdout");
  for (const path of [file, bare]) {
    const { mode } = await Deno.stat(path);
    if (Deno.build.os !== "windows") assertEquals((mode ?? 0) & 0o777, 0o600, path);
  }
  const left = (await Array.fromAsync(Deno.readDir(sandbox.folder), ({ name }) => name)).sort();
  assertEquals(left, ["ca.pem", "home", "token", "token.json"], "no draft is left beside the files");
});

Deno.test("get-token --file exits with 7 and prints no token if the file cannot be written", async () => {
  await using sandbox = await openSandbox();
  const { stdout } = await sandbox.signIn(["get-token"]);
  const file = join(sandbox.folder, "no-such-folder", "token");
  const result = await sandbox.run(["get-token", "--file", file]);
  assertEquals([result.code, result.stdout], [7, ""], result.stderr);
  assertStringIncludes(result.stderr, file);
  assert(!result.stderr.includes(stdout.trim()));
});

Deno.test("get-token --quiet, -q and --silent drop the status lines", async () => {
  await using sandbox = await openSandbox();
  const signedIn = await sandbox.signIn(["get-token", "--quiet"]);
  assertEquals([signedIn.code, signedIn.stderr], [0, ""]);
  for (const flag of ["--quiet", "-q", "--silent"]) {
    const result = await sandbox.run(["get-token", flag]);
    assertEquals([result.code, result.stdout, result.stderr], [0, signedIn.stdout, ""], flag);
  }
  const refreshed = await sandbox.run(["refresh", "-q"]);
  assertEquals([refreshed.code, refreshed.stderr], [0, ""]);
});

Deno.test("get-token --output json reports an error as one JSON document on stderr", async () => {
  await using sandbox = await openSandbox();
  for (const args of [["--output", "json"], ["-o", "json"], ["--output=json"]]) {
    const result = await sandbox.run(["get-token", "--no-interactive", ...args]);
    assertEquals([result.code, result.stdout], [9, ""], result.stderr);
    const { error } = JSON.parse(result.stderr);
    assertEquals(Object.keys(error), ["code", "message", "hint", "aadsts", "correlation_id"]);
    assertEquals([error.code, error.aadsts], ["person_needed", null]);
    assertNotEquals(error.hint, null);
  }
  const usage = await sandbox.run(["get-token", "--output", "json", "--port", "0"]);
  assertEquals([usage.code, usage.stdout], [2, ""]);
  assertEquals(JSON.parse(usage.stderr).error.code, "usage");
});

Deno.test({
  name: "get-token fails without a stack trace if the reader of stdout is gone",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const shell = await startShell(sandbox, ["entra-auth-cli", "get-token"]);
    const url = await sandbox.browser.next();
    await shell.closeStdout();
    await sandbox.userAgent.signIn(url, ADA);
    const result = await shell.ended;
    assertEquals(result.code, 1, result.stderr);
    assertStringIncludes(result.stderr, "Could not write to stdout\nHint: Check its destination");
    assertHasNoStackTrace(result.stderr);
  },
});

Deno.test({
  name: "get-token, list-profiles and inspect fail without a stack trace if the disk is full",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout } = await sandbox.signIn(["get-token"]);
    for (
      const command of [
        "get-token",
        "get-token --output json",
        "list-profiles",
        "inspect",
        "--version",
        "--help",
      ]
    ) {
      const result = await runShell(sandbox, `entra-auth-cli ${command} > /dev/full`);
      assertNotEquals(result.code, 0, `${command}: ${result.stderr}`);
      assertHasNoStackTrace(result.stderr);
      assert(!result.stderr.includes(stdout.trim()), command);
    }
  },
});

function assertHasNoStackTrace(text: string): void {
  assert(!/^\s+at |Uncaught|file:\/\//m.test(text), text);
}
