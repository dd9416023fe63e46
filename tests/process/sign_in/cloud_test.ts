import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Json } from "../../support/provider/failures.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const IDS = ["--tenant-id", crypto.randomUUID(), "--client-id", crypto.randomUUID()];

Deno.test("a cloud gives the browser its authority and its Graph, and a missing permission is named before", async () => {
  await using sandbox = await openSandbox();
  const table = [
    ["usgov", "login.microsoftonline.us", "https://graph.microsoft.us/User.Read"],
    ["china", "login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn/User.Read"],
  ] as const;
  for (const [cloud, host, scope] of table) {
    const created = await sandbox.run(["create-profile", "--name", cloud, "--cloud", cloud, ...IDS]);
    assertEquals(created.code, 0, created.stderr);
    // An executable has these hosts inside.
    if (Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") === undefined) {
      const unreachable = await sandbox.run(["get-token", "--profile", cloud]);
      assertEquals([unreachable.code, unreachable.stdout], [8, ""], unreachable.stderr);
      assertStringIncludes(unreachable.stderr, `--allow-net=${host},`);
    }

    const program = sandbox.start(["get-token", "--profile", cloud], { hosts: [`${host}:443`] });
    const url = new URL(await sandbox.browser.next());
    assertEquals(url.host, host);
    assertStringIncludes(` ${url.searchParams.get("scope")} `, ` ${scope} `);
    // A refusal, so that nothing is asked of the cloud itself.
    await sandbox.userAgent.deliver({
      method: "POST",
      redirectUri: url.searchParams.get("redirect_uri") ?? "",
      params: { error: "access_denied", state: url.searchParams.get("state") ?? "" },
    });
    assertEquals((await program.ended).code, 3);
  }
  assertEquals(sandbox.browser.count, table.length, "no browser where the answer could not be used");
});

Deno.test("--cloud beside --authority is a usage error in every command that knows both", async () => {
  await using sandbox = await openSandbox();
  const { origin } = sandbox.provider;
  for (const command of [["get-token"], ["create-profile", "--name", "x", ...IDS]]) {
    const result = await sandbox.run([...command, "--cloud", "public", "--authority", origin]);
    assertEquals([result.code, result.stdout], [2, ""]);
    assertStringIncludes(result.stderr, "--cloud and --authority can't be used together\nHint: ");
  }
});

Deno.test("a domain of External ID's customer signs in and refreshes, though its issuer is elsewhere", async () => {
  await using sandbox = await openSandbox();
  const { provider } = sandbox;
  const issuer = `https://${provider.tenantId}.ciamlogin.com/${provider.tenantId}/v2.0`;
  const asExternalId = () => {
    provider.failNext("discovery", { kind: "rewrite", rewrite: (document) => ({ ...document, issuer }) });
    const change = (claims: Json) => ({ ...claims, iss: issuer });
    provider.failNext("token", { kind: "claims", token: "id_token", change });
  };
  asExternalId();
  const signedIn = await sandbox.signIn(["get-token"]);
  assertEquals(signedIn.code, 0, signedIn.stderr);
  asExternalId();
  const refreshed = await sandbox.run(["refresh"]);
  assertEquals(refreshed.code, 0, refreshed.stderr);
});

Deno.test("a profile for B2C keeps its policy, and names the host that has to be permitted", async () => {
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
  assertEquals(shop.scope, clientId, "B2C has no Graph");
  const result = await sandbox.run(["get-token", "--profile", "shop"]);
  assertEquals([result.code, result.stdout], [8, ""]);
  assertStringIncludes(result.stderr, "--allow-net=contoso.b2clogin.com,");
});

Deno.test("the deno.json that ships lets every cloud be reached", async () => {
  const { permissions } = JSON.parse(await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)));
  for (const { authority } of (await import("../../../src/identity/cloud.ts")).CLOUDS) {
    assertEquals(permissions.default.net.includes(`${new URL(authority).host}:443`), true, authority);
  }
});
