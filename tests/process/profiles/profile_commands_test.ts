import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { parse as parseYaml } from "@std/yaml/parse";
import type { ProgramResult } from "../../support/program/program.ts";
import { ADA } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

const OTHER_TENANT = "99999999-2222-4333-8444-555555555555";

function assertFails(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  // An error has a hint, unless its message names what is expected.
  assertMatch(result.stderr, /\nHint: |: expected /);
  for (const text of named) assertStringIncludes(result.stderr, text);
}

function assertDone(result: ProgramResult, ...said: string[]): void {
  assertEquals(result.code, 0, result.stderr);
  for (const text of said) assertStringIncludes(result.stderr, text);
}

async function show(sandbox: Sandbox, name: string): Promise<Record<string, unknown>> {
  return JSON.parse((await sandbox.run(["show-profile", "--name", name, "--output", "json"])).stdout);
}

Deno.test("--profile, --name and a word name the profile of every command", async () => {
  await using sandbox = await openSandbox();
  const [, ...create] = createProfileArgs("work", sandbox.provider);
  const named = create.slice(create.indexOf("work") + 1);
  assertDone(await sandbox.run(["create-profile", "work", ...named]), "✓ Profile 'work' created");
  const shown = await Promise.all(
    [["work"], ["-n", "work"], ["--profile=work"]].map((words) => sandbox.run(["show-profile", ...words])),
  );
  assertEquals(new Set(shown.map(({ code, stdout }) => `${code} ${stdout}`)).size, 1);
  for (const words of [["work"], ["--name", "work"]]) {
    const result = await sandbox.run(["get-token", "--no-interactive", ...words]);
    assertFails(result, 9, "entra-auth-cli get-token --profile work");
  }
  assertFails(await sandbox.run(["get-token", "one", "two"]), 2, "--profile");
  assertDone(await sandbox.run(["clear-cache", "work"]), "Profile 'work' has no cached tokens");
  assertDone(await sandbox.run(["delete-profile", "work"]), "✓ Profile 'work' deleted");
});

Deno.test("use-profile chooses the profile of commands that name none, until it is renamed, deleted or overruled", async () => {
  await using sandbox = await openSandbox();
  await sandbox.run(createProfileArgs("work", sandbox.provider));
  const current = async (env = {}) => {
    const shown = await sandbox.run(["show-profile", "-o", "json"], { env });
    assertEquals(shown.code, 0, shown.stderr);
    return JSON.parse(shown.stdout).name;
  };
  assertEquals(await current(), "default");
  assertDone(await sandbox.run(["use-profile", "work"]), "✓ Commands now use profile 'work'\n");
  assertEquals([await current(), await current({ ENTRA_AUTH_CLI_PROFILE: "default" })], ["work", "default"]);
  const signedIn = await sandbox.signIn(["get-token"]);
  assertDone(signedIn, "Token saved to profile 'work'");
  const cached = await sandbox.run(["get-token"]);
  assertEquals([cached.code, cached.stdout], [0, signedIn.stdout], cached.stderr);
  assertMatch((await sandbox.run(["list-profiles"])).stdout, /^default {2,}.*\nwork \* .*\n$/m);

  const overruled = await sandbox.run(["use-profile", "-p", "default"], {
    env: { ENTRA_AUTH_CLI_PROFILE: "work" },
  });
  assertDone(overruled, "warning: ENTRA_AUTH_CLI_PROFILE is set and still selects profile 'work'");
  await sandbox.run(["use-profile", "work"]);
  await sandbox.run(["edit-profile", "work", "--rename", "job"]);
  assertEquals(await current(), "job");
  await sandbox.run(["delete-profile", "job"]);
  assertEquals(await current(), "default");
  assertFails(await sandbox.run(["use-profile", "job"]), 6, "'job'");
  assertFails(await sandbox.run(["use-profile"]), 2, "Missing profile name: expected it after use-profile");
});

Deno.test("show-profile and list-profiles print who is signed in and until when, as text, JSON and YAML", async () => {
  await using sandbox = await openSandbox();
  await sandbox.run(createProfileArgs("idle", sandbox.provider, "--login-hint", ADA.username));
  await sandbox.signIn(["get-token"]);
  const shown = await show(sandbox, "default");
  assertEquals(shown.account, {
    username: ADA.username,
    object_id: ADA.objectId,
    tenant_id: sandbox.provider.tenantId,
  });
  assertEquals([shown.name, shown.current, shown.expired], ["default", true, false]);
  assertMatch(String(shown.expires_at), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  const idle = await sandbox.run(["show-profile", "-p", "idle", "-o", "yaml"]);
  assertEquals(parseYaml(idle.stdout), await show(sandbox, "idle"));
  const text = (await sandbox.run(["show-profile"])).stdout;
  assertMatch(text, /^Profile: +default\nTenant ID: .*\nClient ID: .*\nFlow: +interactive\n/);
  assertMatch(
    text,
    /\nSigned in: +ada@contoso\.example\nExpires: +[\d-]{10} [\d:]{8} \S+ \(in 59 minutes\)\n$/,
  );

  const listed = await sandbox.run(["list-profiles", "-o", "json"]);
  assertEquals(JSON.parse(listed.stdout), [shown, await show(sandbox, "idle")]);
  const [, first, second] = (await sandbox.run(["list-profiles"])).stdout.split("\n");
  assertMatch(first ?? "", /^default \* +ada@contoso\.example +in 59 minutes +interactive /);
  assertMatch(second ?? "", /^idle +- +- +interactive /);
  assertFails(await sandbox.run(["show-profile", "--name", "nowhere"]), 6, "list-profiles");
});

Deno.test("list-profiles lists profiles even if the tokens cannot be read, and prints why", async () => {
  await using sandbox = await openSandbox();
  await Deno.writeTextFile(join(sandbox.home, "tokens.enc"), "damaged", { mode: 0o600 });
  const listed = await sandbox.run(["list-profiles", "--output", "json"]);
  assertDone(listed, "warning: cannot tell which profiles are signed in: ", "clear-cache");
  assertEquals(JSON.parse(listed.stdout)[0].account, null);
});

Deno.test("edit-profile changes what the flags name, keeps the rest, and removes values with --unset", async () => {
  await using sandbox = await openSandbox();
  await sandbox.signIn(["get-token"]);
  const edit = (...flags: string[]) => sandbox.run(["edit-profile", "--name", "default", ...flags]);
  const before = await show(sandbox, "default");
  assertDone(
    await edit("--scope", "User.Read Mail.Read", "--expect-user", ADA.username, "--login-hint", "ada"),
    "✓ Profile 'default' changed",
  );
  const changed = await show(sandbox, "default");
  const expected = {
    ...before,
    scopes: ["User.Read", "Mail.Read"],
    expect_user: ADA.username,
    login_hint: "ada",
  };
  assertEquals(changed, expected, "the sign-in is kept");
  assertDone(await edit("--unset", "expect-user", "--unset", "login-hint", "--scope", "User.Read"));
  assertEquals(await show(sandbox, "default"), before);
  assertDone(await edit("--scope", "User.Read"), "Nothing was changed");

  assertFails(await edit(), 9, "--scope");
  assertFails(await edit("--tenant-id", "contoso"), 2, "contoso");
  assertFails(await edit("--unset", "tenant-id"), 2, "expect-user");
  assertFails(await sandbox.run(["edit-profile", "--name", "nowhere", "--flow", "interactive"]), 6);
  assertFails(await sandbox.run(["edit-profile", "--flow", "interactive"]), 2, "--name");
  assertEquals(await show(sandbox, "default"), before);
});

Deno.test("edit-profile --rename keeps the tokens, and rejects a name that is taken", async () => {
  await using sandbox = await openSandbox();
  const { stdout: token } = await sandbox.signIn(["get-token"]);
  await sandbox.run(createProfileArgs("other", sandbox.provider));
  assertFails(await sandbox.run(["edit-profile", "-n", "default", "--rename", "other"]), 2, "already exists");
  assertEquals((await sandbox.run(["get-token"])).stdout, token);

  const renamed = await sandbox.run(["edit-profile", "-n", "default", "--rename", "work"]);
  assertDone(renamed, "✓ Profile 'default' changed, now 'work'");
  assertEquals((await sandbox.run(["get-token", "--profile", "work"])).stdout, token);
  assertDone(await sandbox.run(["refresh", "--profile", "work"]));
  assertFails(await sandbox.run(["inspect", "--profile", "default"]), 6);
  const names = JSON.parse((await sandbox.run(["list-profiles", "-o", "json"])).stdout);
  assertEquals(names.map(({ name }: { name: string }) => name), ["work", "other"], "in its former place");
});

Deno.test("edit-profile deletes the tokens of a former tenant, application or authority, and reports it", async () => {
  await using sandbox = await openSandbox({ otherTenantIds: [OTHER_TENANT] });
  const { tenantId } = sandbox.provider;
  await sandbox.signIn(["get-token"]);
  const moved = await sandbox.run(["edit-profile", "-n", "default", "--tenant-id", OTHER_TENANT]);
  assertDone(moved, "Its tokens, for the former tenant", "Sign in with: entra-auth-cli get-token");
  assertEquals((await show(sandbox, "default")).account, null);
  assertFails(await sandbox.run(["inspect"]), 6);
  assertDone(await sandbox.run(["edit-profile", "-n", "default", "--tenant-id", tenantId]));
  assertFails(await sandbox.run(["get-token", "--no-interactive"]), 9);
});

Deno.test("delete-profile during a sign-in leaves no token in the store; it is printed with a warning", async () => {
  await using sandbox = await openSandbox();
  const program = sandbox.start(["get-token"]);
  const url = await sandbox.browser.next();
  assertDone(await sandbox.run(["delete-profile", "--name", "default"]));
  await sandbox.userAgent.signIn(url, ADA);
  const result = await program.ended;
  assertDone(
    result,
    "warning: could not save the token: Profile 'default' was deleted while the command ran",
  );
  assertMatch(result.stdout, /^\S+\n$/);
  assert(!result.stderr.includes("Token saved"), result.stderr);
  await sandbox.run(createProfileArgs("default", sandbox.provider));
  assertFails(await sandbox.run(["inspect"]), 6, "has no cached token");
});

Deno.test({
  name: "delete-profile and edit-profile keep the tokens if profiles.json cannot be written",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const file = join(sandbox.home, "profiles.json");
    const good = await Deno.readTextFile(file);
    // A rewrite would drop one of the two, so the file is not rewritten.
    await Deno.writeTextFile(file, good.replace('"flow"', '"flow": "interactive", "flow"'));
    for (
      const command of [
        ["delete-profile", "--name", "default", "--yes"],
        ["edit-profile", "--name", "default", "--tenant-id", OTHER_TENANT],
        ["edit-profile", "--name", "default", "--rename", "work"],
      ]
    ) {
      assertFails(await sandbox.run(command), 7, "profiles.json");
      assertEquals((await sandbox.run(["get-token"])).stdout, token, command.join(" "));
    }
  },
});

Deno.test("delete-profile requires a profile name, and accepts --profile for --name", async () => {
  await using sandbox = await openSandbox();
  assertFails(await sandbox.run(["delete-profile"]), 2, "--name");
  assertFails(await sandbox.run(["delete-profile", "-n", "default", "-p", "other"]), 2, "--profile");
  assertDone(await sandbox.run(["delete-profile", "--profile", "default"]), "✓ Profile 'default' deleted");
  assertNotEquals((await sandbox.run(["show-profile"])).code, 0);
});

Deno.test("edit-profile of a managed identity prompts for no tenant, and every other flow requires one", async () => {
  await using sandbox = await openSandbox();
  await sandbox.run(["create-profile", "--name", "vm", "--flow", "managed-identity"]);
  const edit = (...flags: string[]) => sandbox.run(["edit-profile", "--name", "vm", ...flags]);
  assertDone(await edit("--scope", "https://vault.azure.net/.default"));
  assertFails(await edit("--flow", "client-credentials"), 2, "no tenant", "--tenant-id");
  assertEquals((await show(sandbox, "vm")).flow, "managed-identity");
});
