import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { parse as parseYaml } from "@std/yaml/parse";
import { type ProgramResult, runProgram } from "../../support/program/program.ts";
import { ADA, BOB } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox } from "../../support/program/sandbox.ts";
import { UserAgent } from "../../support/browser/user_agent.ts";

const TENANT = "contoso.onmicrosoft.com";
const CLIENT = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
const VALUES = ["--tenant-id", TENANT, "--client-id", CLIENT];

/** A home folder without a provider, for commands without a sign-in. */
interface Home extends AsyncDisposable {
  readonly path: string;
  readonly profilesFile: string;
  run(args: readonly string[], env?: Record<string, string>): Promise<ProgramResult>;
}

async function openHome(): Promise<Home> {
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const path = join(folder, "home");
  return {
    path,
    profilesFile: join(path, "profiles.json"),
    run: (args, env = {}) => runProgram(args, { env: { ENTRA_AUTH_CLI_HOME: path, ...env } }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** An error that names the expectation, or has a hint. */
const HELPFUL = /^error: [^\n]+(: expected \S|\nHint: \S)/;

function assertFails(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, HELPFUL);
  for (const text of named) assertStringIncludes(result.stderr, text);
}

/** The optional members of a minimal profile without a sign-in. */
const NOTHING_MORE = {
  login_hint: null,
  expect_user: null,
  expect_tenant: null,
  certificate: null,
  account: null,
  expires_at: null,
  expired: null,
};

Deno.test("create-profile creates a profile from flags, and list-profiles prints it as text, JSON and YAML", async () => {
  await using home = await openHome();
  const created = await home.run([
    ...["create-profile", "--name", "graph-reader", ...VALUES, "--flow", "interactive"],
    ...["--scope", "User.Read Mail.Read", "--scope", "Calendars.Read"],
    ...["--authority", "https://login.microsoftonline.us"],
  ]);
  assertEquals([created.code, created.stdout], [0, ""], created.stderr);
  assertStringIncludes(created.stderr, "✓ Profile 'graph-reader' created");
  const second = await home.run(["create-profile", "--name", "azure-admin", ...VALUES]);
  assertEquals(second.code, 0, second.stderr);

  const json = await home.run(["list-profiles", "--output", "json"]);
  const profiles = JSON.parse(json.stdout);
  assertEquals(profiles, [{
    name: "graph-reader",
    current: false,
    tenant_id: TENANT,
    client_id: CLIENT,
    flow: "interactive",
    scopes: ["User.Read", "Mail.Read", "Calendars.Read"],
    authority: "https://login.microsoftonline.us",
    ...NOTHING_MORE,
  }, {
    name: "azure-admin",
    current: false,
    tenant_id: TENANT,
    client_id: CLIENT,
    flow: "interactive",
    scopes: ["User.Read"],
    authority: null,
    ...NOTHING_MORE,
  }]);
  assertEquals(parseYaml((await home.run(["list-profiles", "--output", "yaml"])).stdout), profiles);
  const text = await home.run(["list-profiles"]);
  assertEquals([text.code, text.stderr], [0, ""]);
  assertMatch(
    text.stdout,
    /^NAME +ACCOUNT +EXPIRES +FLOW +TENANT +CLIENT +SCOPES\ngraph-reader .*\nazure-admin .*\n$/,
  );
});

Deno.test("list-profiles without a profile prints so on stderr, and an empty list for JSON and YAML", async () => {
  await using home = await openHome();
  const text = await home.run(["list-profiles"]);
  assertEquals([text.code, text.stdout], [0, ""]);
  assertStringIncludes(text.stderr, "entra-auth-cli create-profile");
  assertEquals(JSON.parse((await home.run(["list-profiles", "-o", "json"])).stdout), []);
  assertEquals(parseYaml((await home.run(["list-profiles", "-o", "yaml"])).stdout), []);
});

Deno.test("create-profile without a terminal names the missing flags and does not prompt", async () => {
  await using home = await openHome();
  assertFails(await home.run(["create-profile"]), 9, "--name", "--tenant-id", "--client-id");
  const named = await home.run(["create-profile", "--name", "myapp", "--tenant-id", TENANT]);
  assertFails(named, 9, "Missing --client-id");
  const authority = ["--authority", "https://login.example.org"];
  const tenantless = await home.run([
    "create-profile",
    "--name",
    "myapp",
    "--client-id",
    CLIENT,
    ...authority,
  ]);
  assertFails(tenantless, 9, "Missing --tenant-id");
  // Input from a pipe is not an answer of the user.
  const piped = await runProgram(["create-profile", "--name", "myapp"], {
    env: { ENTRA_AUTH_CLI_HOME: home.path },
    stdin: `${TENANT}\n${CLIENT}\n\n\n`,
  });
  assertFails(piped, 9, "--tenant-id", "--client-id");
  assertEquals(JSON.parse((await home.run(["list-profiles", "-o", "json"])).stdout), []);
});

Deno.test("create-profile rejects a name that is taken", async () => {
  await using home = await openHome();
  await home.run(["create-profile", "--name", "production-api", ...VALUES]);
  const before = await Deno.readTextFile(home.profilesFile);
  const again = [
    "create-profile",
    "--name",
    "production-api",
    "--tenant-id",
    "common",
    "--client-id",
    CLIENT,
  ];
  assertFails(
    await home.run(again),
    2,
    "'production-api' already exists",
    "edit-profile --name production-api",
  );
  assertEquals(await Deno.readTextFile(home.profilesFile), before);
});

const WRONG_VALUES: readonly (readonly [string, string])[] = [
  ["--name", "../up"],
  ["--name", ""],
  ["--name", " lead"],
  ["--name", "a\nb"],
  ["--tenant-id", "contoso"],
  ["--tenant-id", "contoso.com/x"],
  ["--client-id", "my app"],
  ["--client-id", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeeee"],
  ["--authority", "http://login.microsoftonline.com"],
  ["--authority", "https://user@login.microsoftonline.com"],
  ["--authority", "https://login.microsoftonline.com/a/b"],
  ["--authority", "login.microsoftonline.com"],
  ["--flow", "magic"],
  ["--scope", "User.Read\\"],
];

Deno.test("create-profile rejects an invalid name, tenant, client, authority, flow or scope and writes nothing", async () => {
  await using home = await openHome();
  const results = WRONG_VALUES.map(async ([flag, value]) => {
    const given: Record<string, string> = {
      "--name": "myapp",
      "--tenant-id": TENANT,
      "--client-id": CLIENT,
      [flag]: value,
    };
    const result = await home.run(["create-profile", ...Object.entries(given).flat()]);
    assertEquals([result.code, result.stdout], [2, ""], `${flag} ${value}: ${result.stderr}`);
    assertMatch(result.stderr, HELPFUL);
  });
  await Promise.all(results);
  assertEquals(await Deno.lstat(home.profilesFile).catch(() => "nothing"), "nothing");
});

Deno.test("Profile names may contain a dash, a dot and a space", async () => {
  await using home = await openHome();
  const names = ["production-api", "dev-testing", "a.b_c", "with space", "x"];
  for (const name of names) {
    assertEquals((await home.run(["create-profile", "--name", name, ...VALUES])).code, 0, name);
  }
  const listed = JSON.parse((await home.run(["list-profiles", "-o", "json"])).stdout);
  assertEquals(listed.map(({ name }: { name: string }) => name), names);
  const deleted = await home.run(["delete-profile", "--name", "with space"]);
  assertEquals([deleted.code, deleted.stdout], [0, ""], deleted.stderr);
  assertFails(await home.run(["delete-profile", "--name", "with space"]), 6, "list-profiles");
});

Deno.test("create-profile from many processes at once keeps every profile", async () => {
  await using home = await openHome();
  const names = ["a", "b", "c", "d", "e"];
  const results = await Promise.all(
    names.map((name) => home.run(["create-profile", "--name", name, ...VALUES])),
  );
  assertEquals(results.map(({ code }) => code), [0, 0, 0, 0, 0], results.map(({ stderr }) => stderr).join());
  const listed = JSON.parse((await home.run(["list-profiles", "-o", "json"])).stdout);
  assertEquals(listed.map(({ name }: { name: string }) => name).sort(), names);
});

Deno.test("get-token for a missing profile exits with code 6 and prints the command that creates it", async () => {
  await using home = await openHome();
  const create = "entra-auth-cli create-profile --name nowhere";
  assertFails(await home.run(["get-token", "--profile", "nowhere"]), 6, "'nowhere' does not exist", create);
  const fromEnvironment = await home.run(["get-token"], { ENTRA_AUTH_CLI_PROFILE: "nowhere" });
  assertFails(
    fromEnvironment,
    6,
    "'nowhere' does not exist",
    create,
    "ENTRA_AUTH_CLI_PROFILE names this profile.",
  );
  assertFails(await home.run(["get-token"]), 6, "'default' does not exist", "create-profile --name default");
  assertFails(await home.run(["refresh", "--profile", "nowhere"]), 6, "'nowhere' does not exist", create);
  assertFails(await home.run(["inspect", "--profile", "nowhere"]), 6, "nowhere");
  const json = await home.run(["get-token", "-p", "nowhere", "-o", "json"]);
  assertEquals([json.code, json.stdout, JSON.parse(json.stderr).error.code], [6, "", "no_profile"]);
});

Deno.test("A mistake in profiles.json exits with code 7, line and column, and the file remains unchanged", async () => {
  await using home = await openHome();
  await home.run(["create-profile", "--name", "default", ...VALUES]);
  const good = await Deno.readTextFile(home.profilesFile);
  const mistakes: readonly (readonly [string, RegExp])[] = [
    [good.replace('"tenantId"', "tenantId"), /line 5, column 7: this is not JSON/],
    ["", /line 1, column 1: the file is empty/],
    ["[]\n", /line 1, column 1: expected an object/],
    [good.replace(TENANT, "not a tenant"), /line 5, column 19: Invalid tenant/],
    [good.replace('"version": 1', '"version": 2'), /line 2, column 14: version 2 is newer/],
    [good.replace(`"${CLIENT}"`, "17"), /line 6, column 19: clientId must be a string/],
  ];
  for (const [text, message] of mistakes) {
    await Deno.writeTextFile(home.profilesFile, text);
    for (const args of [["get-token"], ["list-profiles"], ["refresh"]]) {
      const result = await home.run(args);
      assertFails(result, 7, home.profilesFile);
      assertMatch(result.stderr, message);
      assertEquals(await Deno.readTextFile(home.profilesFile), text);
    }
  }
  await Deno.writeTextFile(home.profilesFile, "{");
  assertEquals((await home.run(["create-profile", "--name", "other", ...VALUES])).code, 7);
  assertEquals((await home.run(["delete-profile", "--name", "default"])).code, 7);
  assertEquals(await Deno.readTextFile(home.profilesFile), "{");
});

Deno.test("Edits of profiles.json by hand take effect, and a rewrite keeps them", async () => {
  await using home = await openHome();
  await home.run(["create-profile", "--name", "mine", ...VALUES]);
  const file = JSON.parse(await Deno.readTextFile(home.profilesFile));
  file.note = "edited by hand";
  file.profiles.mine.scopes = ["Mail.Read"];
  file.profiles.mine.owner = "me";
  await Deno.writeTextFile(home.profilesFile, JSON.stringify(file));
  await home.run(["create-profile", "--name", "second", ...VALUES]);
  const kept = JSON.parse(await Deno.readTextFile(home.profilesFile));
  assertEquals([kept.note, kept.profiles.mine.owner], ["edited by hand", "me"]);
  const [mine] = JSON.parse((await home.run(["list-profiles", "-o", "json"])).stdout);
  assertEquals(mine.scopes, ["Mail.Read"]);
});

Deno.test("delete-profile deletes the tokens too, and a new profile of the same name starts without any", async () => {
  await using sandbox = await openSandbox();
  const first = await sandbox.signIn(["get-token"]);
  const deleted = await sandbox.run(["delete-profile", "--name", "default"]);
  assertEquals([deleted.code, deleted.stdout], [0, ""], deleted.stderr);
  assertFails(await sandbox.run(["get-token"]), 6, "'default' does not exist");

  await sandbox.run(createProfileArgs("default", sandbox.provider));
  assertFails(await sandbox.run(["inspect"]), 6, "has no cached token");
  assertFails(await sandbox.run(["get-token", "--no-interactive"]), 9);
  const again = await sandbox.signIn(["get-token"]);
  assertEquals(again.code, 0, again.stderr);
  assertNotEquals(again.stdout, first.stdout);
  assertEquals(
    sandbox.provider.requestsTo("authorize").at(-1)?.query.login_hint,
    undefined,
    "nobody is remembered",
  );
});

Deno.test("$ENTRA_AUTH_CLI_PROFILE names the profile, and --profile beats it", async () => {
  await using sandbox = await openSandbox();
  await sandbox.run(createProfileArgs("work", sandbox.provider, "--scope", "Mail.Read"));
  const { stdout: work } = await sandbox.signIn(["get-token", "--profile", "work"]);
  const env = { ENTRA_AUTH_CLI_PROFILE: "work" };
  const named = await sandbox.run(["get-token", "--output", "json"], { env });
  assertEquals(JSON.parse(named.stdout).access_token, work.trim());
  assertEquals(JSON.parse(named.stdout).profile, "work");
  assertStringIncludes((await sandbox.run(["inspect"], { env })).stdout, "Mail.Read");
  assertFails(await sandbox.run(["get-token", "--profile", "default", "--no-interactive"], { env }), 9);
});

Deno.test("A flag beats $AZURE_TENANT_ID and $AZURE_CLIENT_ID, which beat the profile", async () => {
  const otherTenant = "99999999-2222-4333-8444-555555555555";
  await using sandbox = await openSandbox({ otherTenantIds: [otherTenant] });
  const { tenantId, clientId } = sandbox.provider;
  const unknownClient = "00000000-0000-4000-8000-000000000000";
  /** Returns the tenant and client in the sign-in URL. */
  const asked = async (flags: readonly string[], env: Record<string, string>) => {
    // Without the store no process waits for another sign-in with the same settings.
    const program = sandbox.start(["get-token", "--show-url", "--no-cache", ...flags], { env });
    const [text] = await program.stderrMatch(/https:\S+(?=\n)/);
    const url = new URL(text);
    program.kill("SIGKILL");
    await program.ended;
    return [url.pathname.split("/")[1], url.searchParams.get("client_id")];
  };
  const [fromProfile, fromTenant, fromBoth, fromFlags] = await Promise.all([
    asked([], {}),
    asked([], { AZURE_TENANT_ID: otherTenant }),
    asked([], { AZURE_TENANT_ID: otherTenant, AZURE_CLIENT_ID: unknownClient }),
    asked(["--tenant-id", tenantId, "--client-id", clientId], {
      AZURE_TENANT_ID: otherTenant,
      AZURE_CLIENT_ID: unknownClient,
    }),
  ]);
  assertEquals(fromProfile, [tenantId, clientId]);
  assertEquals(fromTenant, [otherTenant, clientId]);
  assertEquals(fromBoth, [otherTenant, unknownClient]);
  assertEquals(fromFlags, [tenantId, clientId]);
  assertFails(
    await sandbox.run(["get-token"], { env: { AZURE_TENANT_ID: "not a tenant" } }),
    2,
    "AZURE_TENANT_ID",
    "not a tenant",
  );
});

Deno.test("$AZURE_TENANT_ID, $AZURE_CLIENT_ID and --authority sign in without any profile", async () => {
  await using sandbox = await openSandbox();
  await sandbox.run(["delete-profile", "--name", "default"]);
  const { origin, tenantId, clientId } = sandbox.provider;
  const env = { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId };
  const args = ["get-token", "--authority", origin];
  const program = sandbox.start(args, { env });
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  const result = await program.ended;
  assertEquals(result.code, 0, result.stderr);
  const cached = await sandbox.run(args, { env });
  assertEquals([cached.code, cached.stdout], [0, result.stdout], cached.stderr);
});

Deno.test("Two profiles with the same application have two users and never mix", async () => {
  await using sandbox = await openSandbox();
  const { provider } = sandbox;
  await sandbox.run(createProfileArgs("work", provider));
  await sandbox.run(createProfileArgs("personal", provider));
  using bobsBrowser = new UserAgent({ caPem: provider.caPem });
  await sandbox.signIn(["get-token", "--profile", "work"], ADA);
  const program = sandbox.start(["get-token", "--profile", "personal"]);
  await bobsBrowser.signIn(await sandbox.browser.next(), BOB);
  assertEquals((await program.ended).code, 0);

  const whose = async (command: string, profile: string) => {
    const result = await sandbox.run([command, "--profile", profile, "--output", "json"]);
    assertEquals(result.code, 0, result.stderr);
    const document = JSON.parse(result.stdout);
    return (document.account ?? document.inspection.account).username;
  };
  assertEquals(await whose("get-token", "work"), ADA.username);
  assertEquals(await whose("get-token", "personal"), BOB.username);
  for (const profile of ["work", "personal"]) {
    assertEquals((await sandbox.run(["refresh", "-p", profile])).code, 0);
  }
  assertEquals(await whose("inspect", "work"), ADA.username);
  assertEquals(await whose("inspect", "personal"), BOB.username);
  assertEquals(sandbox.browser.count, 2, "switching needs no sign-in");

  await sandbox.run(["clear-cache", "--profile", "work"]);
  assertEquals(await whose("get-token", "personal"), BOB.username);
  assertEquals((await sandbox.run(["inspect", "--profile", "work"])).code, 6);
  const prompts = provider.requestsTo("authorize").map(({ query }) => query.prompt);
  assert(
    prompts.every((prompt) => prompt === "select_account"),
    "the first sign-in of a profile asks which account",
  );
});
