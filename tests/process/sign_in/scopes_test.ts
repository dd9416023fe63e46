import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openSandbox } from "../../support/program/sandbox.ts";

const GRAPH = "https://graph.microsoft.com";

Deno.test("scopes in one string, several flags or separated by commas, short or long, yield one request and one token", async () => {
  await using sandbox = await openSandbox();
  const spellings = ["--scope", "User.Read,Mail.Read", "--scope", `${GRAPH}/Calendars.Read openid`];
  assertEquals((await sandbox.signIn(["get-token", ...spellings])).code, 0);
  const asked = sandbox.provider.requestsTo("authorize").at(-1)?.query.scope?.split(" ") ?? [];
  for (const scope of ["User.Read", "Mail.Read", `${GRAPH}/Calendars.Read`, "offline_access"]) {
    assert(asked.includes(scope), asked.join(" "));
  }
  const cached = await sandbox.run([
    "get-token",
    "--scope",
    `${GRAPH}/mail.read calendars.read`,
    "-o",
    "json",
  ]);
  assertEquals(JSON.parse(cached.stdout).source, "cache", cached.stderr);
});

Deno.test("two resources, or .default with another scope, fail before the browser opens and print separate commands", async () => {
  await using sandbox = await openSandbox();
  const refused = async (command: readonly string[], ...hints: string[]) => {
    const result = await sandbox.run(command);
    assertEquals([result.code, result.stdout], [2, ""], result.stderr);
    for (const hint of hints) assertStringIncludes(result.stderr, hint);
  };
  const both = ["--scope", `User.Read ${GRAPH}/Mail.Read`, "--scope", "api://orders/Read"];
  const commands = [
    `entra-auth-cli get-token --profile default --scope "User.Read ${GRAPH}/Mail.Read"`,
    "entra-auth-cli get-token --profile default --scope api://orders/Read",
  ];
  await refused(["get-token", ...both], `${GRAPH}, api://orders`, ...commands);
  await refused(["get-token", "--scope", `${GRAPH}/.default User.Read`], "cannot be combined with User.Read");
  await refused(["get-token", "--scope", "https://vault.azure.net https://storage.azure.com"], "2 resources");
  await refused(["get-token", "--scope", "/.default"], 'Invalid scope "/.default"');
  await refused(["edit-profile", "--name", "default", "--scope", "/.default"], 'Invalid scope "/.default"');
  await refused(["edit-profile", "--name", "default", ...both], ...commands);
  const ids = ["--tenant-id", "common", "--client-id", sandbox.provider.clientId];
  await refused(["create-profile", "--name", "two", ...ids, ...both], "--profile two");
  assertEquals(sandbox.browser.count, 0);
});

Deno.test("with a refresh token that is bound to its scopes, another scope names --force, and the sign-in keeps the other token", async () => {
  await using sandbox = await openSandbox({ bindsRefreshTokens: true });
  const first = await sandbox.signIn(["get-token"]);
  assertEquals(first.code, 0, first.stderr);
  const refused = await sandbox.run(["get-token", "--scope", "Mail.Read"]);
  assertEquals([refused.code, refused.stdout], [3, ""], refused.stderr);
  assertStringIncludes(refused.stderr, "AADSTS70011");
  const command = "entra-auth-cli get-token --profile default --scope Mail.Read --force";
  assertStringIncludes(refused.stderr, command);

  const forced = await sandbox.signIn(command.split(" ").slice(1));
  assertEquals(forced.code, 0, forced.stderr);
  for (const [scope, token] of [["User.Read", first.stdout], ["Mail.Read", forced.stdout]] as const) {
    const cached = await sandbox.run(["get-token", "--scope", scope, "--no-interactive"]);
    assertEquals([cached.code, cached.stdout], [0, token], cached.stderr);
  }
});

Deno.test("a scope that is granted under another form of its name is not reported as missing, and is cached", async () => {
  await using sandbox = await openSandbox();
  const forms = [
    ["User.Read", `${GRAPH}/User.Read`],
    [`${GRAPH}/Mail.Read`, "Mail.Read"],
    [`${GRAPH}/Calendars.Read`, "00000003-0000-0000-c000-000000000000/Calendars.Read"],
    ["api://Orders/Read", "API://orders/read"],
    ["https://orders.example//Read", "https://orders.example/Read"],
  ] as const;
  for (const [asked, granted] of forms) {
    const rewrite = (body: Record<string, unknown>) => ({ ...body, scope: `openid ${granted}` });
    sandbox.provider.failNext("token", { kind: "rewrite", rewrite });
    const args = ["get-token", "--scope", asked, "--output", "json"];
    const signedIn = await sandbox.signIn([...args, "--force"]);
    assertEquals(signedIn.code, 0, signedIn.stderr);
    assert(!signedIn.stderr.includes("not granted"), `${asked}: ${signedIn.stderr}`);
    const cached = await sandbox.run(args);
    assertEquals(JSON.parse(cached.stdout).source, "cache", cached.stderr);
  }
});

Deno.test(".default of Graph works in the interactive flow and prints a warning on stderr, unless --quiet is given", async () => {
  await using sandbox = await openSandbox();
  const asked = ["get-token", "--scope", `${GRAPH}/.default`];
  const signedIn = await sandbox.signIn(asked);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  const warning = "warning: avoid .default with the interactive flow";
  assertStringIncludes(signedIn.stderr, warning);
  const cached = await sandbox.run(asked);
  assertEquals(
    [cached.stdout, cached.stderr],
    [signedIn.stdout, ""],
    "the warning appears only with a sign-in",
  );
  const quiet = await sandbox.signIn([...asked, "--quiet", "--force"]);
  assertEquals([quiet.code, quiet.stderr], [0, ""]);
  const vault = await sandbox.signIn(["get-token", "--scope", "https://vault.azure.net/.default"]);
  assertEquals([vault.code, vault.stderr.includes(warning)], [0, false], vault.stderr);
});
