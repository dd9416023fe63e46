import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { hasCommand, hasNoShell, startShell } from "../../support/program/shell.ts";
import { sdkCommand, type SdkOutcome } from "../../support/service/azure_sdk_client.ts";

const VAULT = "https://vault.azure.net/.default";
const GRAPH = "https://graph.microsoft.com/.default";

// Only root can become another user.
const isNotRoot = Deno.build.os !== "linux" || Deno.uid() !== 0 || !hasCommand("curl");

Deno.test("exec --managed-identity gives ManagedIdentityCredential tokens of the allowed resources only", async () => {
  await using sandbox = await openSandbox();
  const { stdout } = await sandbox.signIn(["get-token", "--scope", VAULT]);
  const command = sdkCommand([
    { credential: "managed-identity", scope: VAULT },
    { credential: "default", scope: VAULT },
    { credential: "managed-identity", scope: GRAPH },
  ]);
  const args = ["exec", "--managed-identity", "--resource", "https://vault.azure.net", "--", ...command];
  const result = await sandbox.run(args, { env: { AZURE_TOKEN_CREDENTIALS: "ManagedIdentityCredential" } });
  assertEquals(result.code, 0, result.stderr);
  assertMatch(
    result.stderr,
    new RegExp(
      `^Tokens of ${RegExp.escape(ADA.username)} \\(profile 'default'\\) for https://vault\\.azure\\.net ` +
        "are given out on 127\\.0\\.0\\.1:\\d+\n$",
    ),
  );
  const [vault, chain, graph]: SdkOutcome[] = JSON.parse(result.stdout);
  assertEquals([vault?.token, chain?.token], [stdout.trim(), stdout.trim()], vault?.message);
  assertEquals(graph?.token, undefined);
  assertStringIncludes(graph?.message ?? "", "only https://vault.azure.net may be asked for");
});

Deno.test({
  name: "serve prints variables for azd, gives another user nothing, and ends after the time of --for",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const serve = ["entra-auth-cli", "serve", "--for", "2s", "--output", "env"] as const;
    const shell = await startShell(sandbox, [...serve]);
    const [, base = "", key = ""] = await shell.stdoutMatch(
      /^AZD_AUTH_ENDPOINT=(http:\S+)\nAZD_AUTH_KEY=(\S+)\n/m,
    );
    const headers = { "authorization": `Bearer ${key}`, "content-type": "application/json" };
    const body = JSON.stringify({ scopes: [GRAPH] });
    const address = `${base}/token?api-version=2023-07-12-preview`;
    const response = await fetch(address, { method: "POST", headers, body });
    const document = await response.json();
    assertEquals([document.status, document.token], ["success", token.trim()]);
    if (!isNotRoot) {
      const words = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
      const curl = new Deno.Command("curl", { args: ["-sS", "-d", body, ...words, address], uid: 54_321 });
      const { code, stdout } = await curl.output();
      assertEquals([code === 0, new TextDecoder().decode(stdout)], [false, ""]);
    }
    const ended = await shell.ended;
    assertEquals(ended.code, 0, ended.stderr);
    assertEquals(await fetch(address).then(() => true, () => false), false);
  },
});

Deno.test("serve and exec refuse flags that contradict each other before a sign-in", async () => {
  await using sandbox = await openSandbox();
  const cases: [string[], RegExp][] = [
    [["serve", "--listen", "0.0.0.0"], /Invalid --listen "0\.0\.0\.0": expected one IPv4 address/],
    [["serve", "--output", "json5"], /Invalid output format "json5": expected shell, env, devcontainer/],
    [["exec", "--resource", "a", "--", "true"], /--resource is only for --managed-identity/],
    [["exec", "--managed-identity", "--env", "A", "--", "true"], /--env and --managed-identity cannot/],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await sandbox.run(args);
    assertEquals([code, stdout], [2, ""], stderr);
    assertMatch(stderr, message);
  }
  assertEquals(sandbox.browser.count, 0);
});
