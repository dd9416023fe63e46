import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { decodeJwt } from "jose";
import { ADA } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { exchangeRaw } from "../../support/network/raw_http.ts";
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
  assertStringIncludes(graph?.message ?? "", "is not allowed: expected https://vault.azure.net");
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

/** Asks the endpoint at `base` for a token, at the address `address`, and returns the status and the token. */
async function askAt(
  address: string,
  base: string,
  headers: Readonly<Record<string, string>>,
  resource = "https://graph.microsoft.com",
) {
  const { host, port } = new URL(base);
  const lines = Object.entries({ host, connection: "close", ...headers }).map((pair) => pair.join(": "));
  const query = `resource=${encodeURIComponent(resource)}&api-version=2019-08-01`;
  const request = [`GET /msi/token?${query} HTTP/1.1`, ...lines, "", ""].join("\r\n");
  const response = await exchangeRaw(Number(port), request, address);
  const [head = "", body = ""] = response.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]),
    token: /"access_token":"([^"]+)"/.exec(body)?.[1],
  };
}

Deno.test({
  name:
    "the endpoint of exec refreshes once for 20 concurrent calls, and gives nothing to another user, a web page or a process without the secret",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    await sandbox.signIn(["get-token", "--scope", VAULT]);
    const resource = "https://vault.azure.net";
    const calls = Array.from(
      { length: 20 },
      () => ({ credential: "managed-identity", scope: VAULT } as const),
    );
    const script = 'echo ready; read -r _; "$@"; echo; echo "$IDENTITY_ENDPOINT $IDENTITY_HEADER"; read -r _';
    const exec = ["exec", "--managed-identity", "--resource", resource, "--", "sh", "-c", script, "sh"];
    const shell = await startShell(
      sandbox,
      ["entra-auth-cli", ...exec, ...sdkCommand(calls)],
      { programs: ["sh"] },
    );
    await shell.stdoutMatch(/^ready$/m);
    // The first token lasts for a minute, too short to be given out again.
    sandbox.provider.setAccessTokenTtl(3600);
    const sent = sandbox.provider.requestsTo("token").length;
    await shell.type("\n");
    const [, printed = "", base = "", secret = ""] = await shell.stdoutMatch(/^(\[.+)\n(http:\S+) (\S+)\n/m);
    const outcomes: SdkOutcome[] = JSON.parse(printed);
    const [first] = outcomes;
    assertEquals(
      outcomes.map(({ token, message }) => [token, message]),
      calls.map(() => [first?.token, undefined]),
    );
    assertEquals(decodeJwt(first?.token ?? "").aud, resource);
    assertEquals(sandbox.provider.requestsTo("token").length, sent + 1);

    const header = { "x-identity-header": secret };
    const ask = (headers: Readonly<Record<string, string>>) => askAt("127.0.0.1", base, headers, resource);
    assertEquals(await ask(header), { status: 200, token: first?.token });
    const refused = [
      await ask({}),
      await ask({ "x-identity-header": `${secret.slice(0, -1)}!` }),
      await ask({ ...header, host: `evil.example:${new URL(base).port}` }),
      await ask({ ...header, origin: "https://evil.example" }),
    ];
    assertEquals(refused, [401, 401, 421, 403].map((status) => ({ status, token: undefined })));
    if (!isNotRoot) {
      const address = `${base}?resource=${resource}&api-version=2019-08-01`;
      const args = ["-sS", "-H", `X-IDENTITY-HEADER: ${secret}`, address];
      const { code, stdout } = await new Deno.Command("curl", { args, uid: 54_321 }).output();
      assertEquals([code === 0, new TextDecoder().decode(stdout)], [false, ""]);
    }
    await shell.type("\n");
    assertEquals((await shell.ended).code, 0);
    assertEquals(sandbox.browser.count, 1);
  },
});

Deno.test({
  name:
    "serve --listen and --output devcontainer give a container tokens under the address of the variables only",
  // Only Linux has all of 127.0.0.0/8.
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    for (const output of ["devcontainer", "shell"]) {
      const script = `entra-auth-cli serve --listen 127.0.0.2 --output ${output} & read -r _; kill $!; wait`;
      const shell = await startShell(sandbox, ["sh", "-c", script], { hosts: ["127.0.0.2"] });
      const [printed] = await shell.stdoutMatch(output === "shell" ? /(export \S+\n){4}/ : /\{[^]*\}\n\}\n/);
      const variables: Record<string, string> = output === "shell"
        ? Object.fromEntries(
          printed.trim().split("\n").map((line) => line.replace("export ", "").split(/=(.*)/)),
        )
        : JSON.parse(printed).remoteEnv;
      const { IDENTITY_ENDPOINT: base = "", IDENTITY_HEADER: secret = "", AZD_AUTH_ENDPOINT } = variables;
      const { hostname, port, pathname } = new URL(base);
      assertEquals(hostname, output === "shell" ? "127.0.0.2" : "host.docker.internal");
      assertEquals([pathname, AZD_AUTH_ENDPOINT], ["/msi/token", `http://${hostname}:${port}`]);
      const header = { "x-identity-header": secret };
      const address = "127.0.0.2";
      assertEquals(await askAt(address, base, header), { status: 200, token: token.trim() });
      const refused = [
        await askAt(address, base, {}),
        await askAt(address, base, { "x-identity-header": `${secret.slice(0, -1)}!` }),
        await askAt(address, base, { ...header, host: `evil.example:${port}` }),
        await askAt(address, base, { ...header, origin: "https://evil.example" }),
      ];
      assertEquals(refused.map(({ token }) => token), refused.map(() => undefined));
      assertEquals(refused.some(({ status }) => status === 200), false);
      // It listens nowhere else.
      assertEquals(await askAt("127.0.0.1", base, header).catch(() => null), null);
      await shell.type("\n");
      const { stderr } = await shell.ended;
      assertMatch(stderr, /^warning: 127\.0\.0\.2 can be reached from other machines or containers: /);
    }
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
