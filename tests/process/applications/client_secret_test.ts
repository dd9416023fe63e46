import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { decodeJwt } from "jose";
import type { ProgramResult } from "../../support/program/program.ts";
import { hasNoPseudoTerminal, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import {
  ADA,
  type Application,
  CONFIDENTIAL_APPLICATION,
  PUBLIC_APPLICATION,
} from "../../support/provider/directory.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const SECRET = CONFIDENTIAL_APPLICATION.secret ?? "";
const GRAPH_DEFAULT = "https://graph.microsoft.com/.default";
const AS_APPLICATION = ["--client-id", CONFIDENTIAL_APPLICATION.clientId, "--flow", "client-credentials"];
const WITH_SECRET = { env: { AZURE_CLIENT_SECRET: SECRET } };

/** Creates a profile for an application, with a secret on stdin if there is one. */
async function createProfile(sandbox: Sandbox, args: readonly string[], stdin?: string): Promise<void> {
  const { tenantId, origin } = sandbox.provider;
  const result = await sandbox.run(
    ["create-profile", "--tenant-id", tenantId, "--authority", origin, ...AS_APPLICATION, ...args],
    stdin === undefined ? {} : { stdin },
  );
  assertEquals(result.code, 0, result.stderr);
}

function assertRefused(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, /\nHint: \S/);
  for (const text of named) assertStringIncludes(result.stderr, text);
  assert(!result.stderr.includes(SECRET), result.stderr);
}

Deno.test("get-token --flow client-credentials returns an application token, and the second run needs no network", async () => {
  await using sandbox = await openSandbox();
  const first = await sandbox.run(["get-token", ...AS_APPLICATION, "-o", "json", "--verbose"], {
    // MSAL would use a regional endpoint, which is another host.
    env: { ...WITH_SECRET.env, MSAL_FORCE_REGION: "westeurope" },
  });
  assertEquals(first.code, 0, first.stderr);
  const document = JSON.parse(first.stdout);
  const claims = decodeJwt(document.access_token);
  assertEquals([claims.idtyp, claims.azp], ["app", CONFIDENTIAL_APPLICATION.clientId]);
  assertEquals(document.account, null);
  assertEquals([document.source, document.scope], ["client-credentials", GRAPH_DEFAULT]);
  assertEquals([document.tenant_id, document.client_id], [sandbox.provider.tenantId, claims.azp]);
  assertMatch(
    first.stderr,
    /^Credential: AZURE_CLIENT_SECRET\n✓ Authentication successful!\nToken expires: /,
  );
  assert(!(first.stdout + first.stderr).includes(SECRET));

  await sandbox.provider.stop();
  // Without the secret and the network, and by the alias of the flow.
  const args = ["get-token", "--client-id", CONFIDENTIAL_APPLICATION.clientId, "-f", "ClientCredentials"];
  const second = await sandbox.run([...args, "--no-interactive", "-o", "json"]);
  assertEquals(second.code, 0, second.stderr);
  const again = JSON.parse(second.stdout);
  assertEquals([again.access_token, again.source], [document.access_token, "cache"]);
  assertEquals(again.account, null);
});

Deno.test("an expired application token is renewed without a user, and refresh and --force renew it earlier", async () => {
  await using sandbox = await openSandbox({ accessTokenTtl: 60 });
  await createProfile(sandbox, ["--name", "job", "--client-secret-stdin"], `${SECRET}\n`);
  const tokens = new Set<string>();
  const get = async (...args: string[]) => {
    const result = await sandbox.run(["get-token", "-p", "job", "--no-interactive", ...args]);
    assertEquals(result.code, 0, result.stderr);
    tokens.add(result.stdout);
    return result.stderr;
  };
  assertMatch(await get(), /^✓ Authentication successful!/);
  // Less than five minutes remain.
  assertMatch(await get(), /^⟳ Refreshing token...\n✓ Token refreshed\n/);
  sandbox.provider.setAccessTokenTtl(3600);
  const refreshed = await sandbox.run(["refresh", "-p", "job"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
  assertMatch(await get("--verbose"), /^✓ Using cached token\n/);
  assertMatch(await get("--force"), /✓ Token refreshed/);
  await get("--no-cache");
  assertEquals([tokens.size, sandbox.provider.requestsTo("token").length], [5, 5]);
  assertEquals(sandbox.browser.count, 0);
});

Deno.test("10 concurrent get-token runs of an application send one token request", async () => {
  await using sandbox = await openSandbox();
  const args = ["get-token", ...AS_APPLICATION];
  const results = await Promise.all(Array.from({ length: 10 }, () => sandbox.run(args, WITH_SECRET)));
  assertEquals(results.filter(({ code }) => code !== 0).map(({ stderr }) => stderr), []);
  assertEquals(new Set(results.map(({ stdout }) => stdout)).size, 1);
  assertEquals(sandbox.provider.requestsTo("token").length, 1);
});

Deno.test("user and application tokens of one profile are stored separately", async () => {
  const both = { ...PUBLIC_APPLICATION, secret: SECRET };
  await using sandbox = await openSandbox({ applications: [both] });
  const graph = ["--scope", GRAPH_DEFAULT];
  const asApplication = await sandbox.run(["get-token", "-f", "client-credentials", ...graph], WITH_SECRET);
  assertEquals(asApplication.code, 0, asApplication.stderr);
  const asUser = await sandbox.signIn(["get-token", "-f", "AuthorizationCode", ...graph], ADA, WITH_SECRET);
  assertEquals(asUser.code, 0, asUser.stderr);
  assertNotEquals(asUser.stdout, asApplication.stdout);
  const again = await sandbox.run(["get-token", "-f", "client-credentials", ...graph]);
  assertEquals([again.code, again.stdout], [0, asApplication.stdout], again.stderr);
  const userAgain = await sandbox.run(["get-token", ...graph]);
  assertEquals([userAgain.code, userAgain.stdout], [0, asUser.stdout], userAgain.stderr);
});

const WRONG: [name: string, application: Application, secret: string, aadsts: string][] = [
  ["a wrong secret", CONFIDENTIAL_APPLICATION, "not the secret", "AADSTS7000215"],
  [
    "the secret's ID in place of its value",
    CONFIDENTIAL_APPLICATION,
    "0b0fdab2-9d9a-4f2f-8a52-ff8a3b8e2d11",
    "AADSTS7000215",
  ],
  ["an expired secret", { ...CONFIDENTIAL_APPLICATION, secretExpired: true }, SECRET, "AADSTS7000222"],
];

for (const [name, application, secret, aadsts] of WRONG) {
  Deno.test(`client-credentials with ${name} fails with ${aadsts} and a hint`, async () => {
    await using sandbox = await openSandbox({ applications: [PUBLIC_APPLICATION, application] });
    const result = await sandbox.run(["get-token", ...AS_APPLICATION, "--verbose"], {
      env: { AZURE_CLIENT_SECRET: secret },
    });
    assertRefused(result, 3, aadsts, "Certificates & secrets");
    assert(!result.stderr.includes(secret), result.stderr);
  });
}

Deno.test("client-credentials rejects invalid scopes, an invalid tenant and a missing credential before any request", async () => {
  await using sandbox = await openSandbox();
  const run = (...args: string[]) => sandbox.run(["get-token", ...AS_APPLICATION, ...args], WITH_SECRET);
  assertRefused(await run("-s", "User.Read"), 2, "--scope https://graph.microsoft.com/.default");
  assertRefused(
    await run("-s", "https://vault.azure.net/user_impersonation"),
    2,
    "--scope https://vault.azure.net/.default",
  );
  assertRefused(await run("-s", `${GRAPH_DEFAULT} https://vault.azure.net/.default`), 2, "2 resources");
  for (const tenant of ["common", "organizations", "consumers"]) {
    assertRefused(await run("--tenant-id", tenant), 2, "--tenant-id TENANT", `"${tenant}"`);
  }
  const without = await sandbox.run(["get-token", ...AS_APPLICATION]);
  assertRefused(
    without,
    2,
    "No credential found for client-credentials",
    "AZURE_CLIENT_SECRET",
    "--certificate FILE",
    "--assertion-file FILE",
    "id-token: write",
  );
  assertEquals(sandbox.provider.requests.length, 0);
});

Deno.test("the secret that create-profile stores is encrypted, yields to the environment, and is deleted with the profile", async () => {
  await using sandbox = await openSandbox();
  await createProfile(sandbox, ["--name", "job", "--client-secret-stdin"], SECRET);
  for await (const { name, isFile } of Deno.readDir(sandbox.home)) {
    if (isFile) assert(!(await Deno.readTextFile(`${sandbox.home}/${name}`)).includes(SECRET), name);
  }
  const get = (args: string[] = [], env = {}) =>
    sandbox.run(["get-token", "-p", "job", "--force", ...args], { env });
  const good = await get(["--verbose"]);
  assertEquals(good.code, 0, good.stderr);
  assertMatch(good.stderr, /^Credential: the profile's secret\n/m);
  assertRefused(await get([], { AZURE_CLIENT_SECRET: "another" }), 3, "AADSTS7000215");
  // The secret is not sent for another application.
  assertRefused(await get(["--client-id", PUBLIC_APPLICATION.clientId]), 2, "No credential found");
  // clear-cache deletes tokens only.
  assertEquals((await sandbox.run(["clear-cache", "-p", "job"])).code, 0);
  assertEquals((await get()).code, 0);

  assertEquals((await sandbox.run(["delete-profile", "--name", "job"])).code, 0);
  await createProfile(sandbox, ["--name", "job"]);
  assertRefused(await get(), 2, "No credential found");
});

Deno.test("importing over a profile does not send its stored secret to another authority", async () => {
  await using sandbox = await openSandbox();
  await createProfile(sandbox, ["--name", "job", "--client-secret-stdin"], SECRET);
  const exported = await sandbox.run(["export-profile", "--name", "job"]);
  assertEquals(exported.code, 0, exported.stderr);
  const redirected = exported.stdout.replaceAll(sandbox.provider.origin, "https://localhost:9");
  assertNotEquals(redirected, exported.stdout);
  const imported = await sandbox.run(["import-profile", "--force"], { stdin: redirected });
  assertEquals(imported.code, 0, imported.stderr);
  assertStringIncludes(imported.stderr, "\nNote: it signs in at localhost:9\n");
  assertRefused(await sandbox.run(["get-token", "-p", "job"]), 2, "No credential found");
  // Restoring the authority does not restore the secret: the profile has changed in between.
  const back = await sandbox.run(["get-token", "-p", "job", "--authority", sandbox.provider.origin]);
  assertRefused(back, 2, "No credential found");
});

Deno.test("an exported secret works where it is imported, and edit-profile --rename keeps it", async () => {
  await using sandbox = await openSandbox();
  await createProfile(sandbox, ["--name", "job", "--client-secret-stdin"], SECRET);
  const there = { env: { ENTRA_AUTH_CLI_HOME: `${sandbox.folder}/elsewhere` } };
  const file = `${sandbox.folder}/exported.json`;
  const sealed = ["--file", file, "--passphrase-stdin"];
  const run = async (args: readonly string[], options = {}) => {
    const result = await sandbox.run(args, { ...there, ...options });
    assertEquals(result.code, 0, result.stderr);
    return result.stdout;
  };
  const passphrase = { stdin: "correct horse battery" };
  await run(["export-profile", "-n", "job", "--include-secrets", ...sealed], { env: {}, ...passphrase });
  await run(["import-profile", ...sealed], passphrase);
  await run(["edit-profile", "--name", "job", "--rename", "nightly"]);
  await run(["get-token", "--profile", "nightly", "--no-interactive"]);
  const shown = JSON.parse(await run(["show-profile", "--name", "nightly", "--output", "json"]));
  assertEquals([shown.account, shown.expired], [null, false]);
  assertMatch(await run(["list-profiles"]), /^nightly +\(application\) +in \d+ minutes /m);
});

Deno.test("create-profile rejects an empty secret on stdin and stores no profile", async () => {
  await using sandbox = await openSandbox();
  const args = [
    "create-profile",
    "--name",
    "job",
    "--tenant-id",
    sandbox.provider.tenantId,
    ...AS_APPLICATION,
  ];
  const result = await sandbox.run([...args, "--client-secret-stdin"], { stdin: "\n" });
  assertRefused(result, 2, "expected one line with a client secret");
  assert(!(await sandbox.run(["list-profiles"])).stdout.includes("job"));
});

Deno.test("edit-profile replaces the stored secret, and a renamed profile keeps it", async () => {
  await using sandbox = await openSandbox();
  await createProfile(sandbox, ["--name", "job", "--client-secret-stdin"], "wrong");
  const get = (name: string) => sandbox.run(["get-token", "-p", name, "--force"]);
  assertRefused(await get("job"), 3, "AADSTS7000215");
  const edit = ["edit-profile", "--name", "job"];
  const changed = await sandbox.run([...edit, "--client-secret-stdin"], { stdin: `${SECRET}\r\n` });
  assertEquals(changed.code, 0, changed.stderr);
  assertEquals((await get("job")).code, 0);
  const renamed = await sandbox.run([...edit, "--rename", "nightly"]);
  assertEquals(renamed.code, 0, renamed.stderr);
  const good = await get("nightly");
  assertEquals(good.code, 0, good.stderr);
  const moved = await sandbox.run([
    "edit-profile",
    "--name",
    "nightly",
    "--authority",
    "https://localhost:9",
  ]);
  assertEquals(moved.code, 0, moved.stderr);
  assertStringIncludes(moved.stderr, "set one with --client-secret-stdin");
  assert(!renamed.stderr.includes("--client-secret-stdin"), renamed.stderr);
  const asUser = await sandbox.run(["edit-profile", "--name", "nightly", "--scope", "User.Read"]);
  assertRefused(asUser, 2, "--scope https://graph.microsoft.com/.default");
});

Deno.test({
  name: "create-profile and get-token prompt for a secret without echo",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    const { tenantId, origin } = sandbox.provider;
    const ids = `--tenant-id ${tenantId} --client-id ${CONFIDENTIAL_APPLICATION.clientId}`;
    const create = `create-profile --flow client-credentials ${ids} --authority ${origin}`;
    const type = async (command: string, label: string, text: string) => {
      const shell = await startOnTerminal(sandbox, `entra-auth-cli ${command}`);
      await shell.stdoutMatch(new RegExp(label));
      await shell.type(`${text}\r`);
      const { code, stdout } = await shell.ended;
      assertEquals(code, 0, stdout);
      assert(!stdout.includes(SECRET), stdout);
      return stdout;
    };
    assertStringIncludes(
      await type(`${create} --name kept`, "Client Secret", SECRET),
      "Client secret saved, encrypted",
    );
    const good = await sandbox.run(["get-token", "-p", "kept"]);
    assertEquals(good.code, 0, good.stderr);

    const none = await type(`${create} --name asking`, "Client Secret", "");
    assert(!none.includes("kept"), none);
    const shell = await startOnTerminal(sandbox, "entra-auth-cli get-token -p asking --verbose");
    await shell.stdoutMatch(/Client secret/);
    await shell.type(`${CONFIDENTIAL_APPLICATION.clientId}\r`);
    await shell.stdoutMatch(/This is a GUID, as the secret's ID is, and not its value\. Use it anyway\?/);
    await shell.type("\r");
    await shell.stdoutMatch(/anyway[^]*Client secret/);
    await shell.type(` ${SECRET}\r`);
    const asked = await shell.ended;
    assertEquals(asked.code, 0, asked.stdout);
    assert(!asked.stdout.includes(SECRET), asked.stdout);
    assertStringIncludes(asked.stdout, "Credential: the terminal");
    const quiet =
      await (await startOnTerminal(sandbox, "entra-auth-cli get-token -p asking --no-interactive --force"))
        .ended;
    assertEquals(quiet.code, 2, quiet.stdout);
  },
});

Deno.test({
  name: "a prompt for the secret of an application does not block the tokens of the profile",
  ignore: hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    await createProfile(sandbox, ["--name", "asking"]);
    const shell = await startOnTerminal(sandbox, "entra-auth-cli get-token -p asking");
    await shell.stdoutMatch(/Client secret/);
    const others = [["get-token", "-p", "asking", "--force"], ["clear-cache", "-p", "asking"]];
    for (const args of others) {
      const program = sandbox.start(args, WITH_SECRET);
      const { code, stderr } = await program.ended;
      assertEquals(code, 0, stderr);
    }
    await shell.type(`${SECRET}\r`);
    const { code, stdout } = await shell.ended;
    assertEquals(code, 0, stdout);
    assertStringIncludes(stdout, "Token saved to profile 'asking'");
  },
});
