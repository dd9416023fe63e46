import { assertEquals, assertStringIncludes } from "@std/assert";
import { isExecutable } from "../../support/program/executable.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const IDS = ["--tenant-id", crypto.randomUUID(), "--client-id", crypto.randomUUID()];

Deno.test("--cloud selects the authority and Graph of the cloud, and a missing permission is reported first", async () => {
  await using sandbox = await openSandbox();
  const table = [
    ["usgov", "login.microsoftonline.us", "https://graph.microsoft.us/User.Read"],
    ["china", "login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn/User.Read"],
  ] as const;
  for (const [cloud, host, scope] of table) {
    const created = await sandbox.run(["create-profile", "--name", cloud, "--cloud", cloud, ...IDS]);
    assertEquals(created.code, 0, created.stderr);
    // An executable may connect to every authority.
    if (!isExecutable) {
      const unreachable = await sandbox.run(["get-token", "--profile", cloud]);
      assertEquals([unreachable.code, unreachable.stdout], [8, ""], unreachable.stderr);
      assertStringIncludes(unreachable.stderr, `--allow-net=${host},`);
    }

    const program = sandbox.start(["get-token", "--profile", cloud], { hosts: [`${host}:443`] });
    const url = new URL(await sandbox.browser.next());
    assertEquals(url.host, host);
    assertStringIncludes(` ${url.searchParams.get("scope")} `, ` ${scope} `);
    // A refusal, so that no request reaches the cloud.
    await sandbox.userAgent.deliver({
      method: "POST",
      redirectUri: url.searchParams.get("redirect_uri") ?? "",
      params: { error: "access_denied", state: url.searchParams.get("state") ?? "" },
    });
    assertEquals((await program.ended).code, 3);
  }
  assertEquals(sandbox.browser.count, table.length, "no browser opens if the response could not be used");
});

Deno.test("--cloud with --authority is a usage error in every command that has both", async () => {
  await using sandbox = await openSandbox();
  const { origin } = sandbox.provider;
  for (const command of [["get-token"], ["create-profile", "--name", "x", ...IDS]]) {
    const result = await sandbox.run([...command, "--cloud", "public", "--authority", origin]);
    assertEquals([result.code, result.stdout], [2, ""]);
    assertStringIncludes(result.stderr, "--cloud and --authority cannot be used together\nHint: ");
  }
});

Deno.test("a B2C profile keeps its policy and the error names the host that needs permission", async () => {
  await using sandbox = await openSandbox();
  const clientId = crypto.randomUUID();
  const authority = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin";
  const created = await sandbox.run([
    ...["create-profile", "--name", "shop", "--authority", authority],
    ...["--client-id", clientId],
  ]);
  assertEquals(created.code, 0, created.stderr);
  const [, shop] = JSON.parse((await sandbox.run(["list-profiles", "--output", "json"])).stdout);
  assertEquals([shop.authority, shop.tenant_id], [authority, "contoso.onmicrosoft.com"]);
  assertEquals(shop.scopes, [clientId], "B2C has no Graph");
  if (isExecutable) return; // It may connect to every authority.
  const result = await sandbox.run(["get-token", "--profile", "shop"]);
  assertEquals([result.code, result.stdout], [8, ""]);
  assertStringIncludes(result.stderr, "--allow-net=contoso.b2clogin.com,");
});

Deno.test("deno.json permits the authority of every cloud", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  for (const { authority } of (await import("../../../src/identity/cloud.ts")).CLOUDS) {
    assertEquals(permissions.default.net.includes(`${new URL(authority).host}:443`), true, authority);
  }
});
