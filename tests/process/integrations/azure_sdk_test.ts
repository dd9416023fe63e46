import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { ADA } from "../../support/provider/directory.ts";
import { inheritedVariables } from "../../support/program/program.ts";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { startHttpsServer } from "../../support/provider/https_server.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, runShell } from "../../support/program/shell.ts";
import { type SdkCall, sdkCommand, type SdkOutcome } from "../../support/service/azure_sdk_client.ts";

const ignore = hasNoShell;
const VAULT = "https://vault.azure.net/.default";

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
}

/** Writes the shims into the folder of `entra-auth-cli`, which is in PATH, and makes the calls. */
async function callSdk(
  sandbox: Sandbox,
  calls: readonly SdkCall[],
  env: Readonly<Record<string, string>> = {},
): Promise<SdkOutcome[]> {
  const bin = join(sandbox.folder, "bin");
  const install = ["entra-auth-cli", "install-shims", bin, "--program", join(bin, "entra-auth-cli")];
  const script = `${quoted(install)} 2>/dev/null && exec ${quoted(sdkCommand(calls))}`;
  const result = await runShell(sandbox, script, { env });
  assertEquals(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

/** Who is found first by an SDK that is told to use the tools of a developer. */
const DEV = { AZURE_TOKEN_CREDENTIALS: "dev" };

Deno.test({
  name: "20 concurrent calls by the credentials of @azure/identity share one refresh",
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    await sandbox.signIn(["get-token", "--scope", VAULT]);
    sandbox.provider.setAccessTokenTtl(3600);
    const { tenantId } = sandbox.provider;
    const sent = sandbox.provider.requestsTo("token").length;
    const outcomes = await callSdk(sandbox, [
      { credential: "developer-cli", scope: [VAULT], made: { tenantId } },
      { credential: "default", scope: VAULT },
      { credential: "cli", scope: VAULT, made: { tenantId, subscription: "Ada Lovelace" } },
      ...Array.from({ length: 17 }, () => ({ credential: "cli", scope: VAULT } as const)),
    ], DEV);
    assertEquals(outcomes.map(({ message }) => message), outcomes.map(() => undefined));
    const [first] = outcomes;
    const token = first?.token ?? "";
    const { aud, exp = 0 } = decodeJwt(token);
    assertEquals(aud, "https://vault.azure.net");
    assertEquals(outcomes, outcomes.map(() => ({ token, expiresOnTimestamp: exp * 1000 })));
    assertEquals(sandbox.provider.requestsTo("token").length, sent + 1);
    assertEquals(sandbox.browser.count, 1);
  },
});

Deno.test({
  name: "the credentials of @azure/identity show the command to sign in, and open no browser",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const outcomes = await callSdk(sandbox, [
      { credential: "cli", scope: VAULT },
      { credential: "developer-cli", scope: VAULT },
      { credential: "default", scope: VAULT },
    ], DEV);
    const command = `entra-auth-cli get-token --profile default --scope ${VAULT}`;
    const [cli, developer, chain] = outcomes;
    for (const outcome of [cli, developer]) {
      assertEquals(outcome?.error, "CredentialUnavailableError");
      assertMatch(
        outcome?.message ?? "",
        /^entra-auth-cli: error: Profile 'default' needs a sign-in for this token\nHint: /,
      );
      assertStringIncludes(outcome?.message ?? "", command);
    }
    assertStringIncludes(chain?.message ?? "", command);
    assertEquals([sandbox.browser.count, sandbox.provider.requests.length], [0, 0]);
  },
});

Deno.test({
  name:
    "AzureDeveloperCliCredential passes a claims challenge on, and shows the command if the user is needed",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout } = await sandbox.signIn(["get-token", "--scope", VAULT]);
    const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: "1604106651" } } });
    const call: SdkCall = { credential: "developer-cli", scope: VAULT, options: { claims } };
    const [granted] = await callSdk(sandbox, [call]);
    assertEquals(decodeJwt(granted?.token ?? "").aud, "https://vault.azure.net", granted?.message);
    assert(granted?.token !== stdout.trim(), "a cached token has no new claims");
    const sent = sandbox.provider.requestsTo("token").at(-1)?.form.claims ?? "{}";
    assertEquals(JSON.parse(sent).access_token.nbf, { essential: true, value: "1604106651" });

    const refusal = { kind: "entraError", error: "interaction_required", aadsts: 50076 } as const;
    sandbox.provider.failNext("token", refusal);
    const [refused] = await callSdk(sandbox, [call]);
    assertEquals(refused?.error, "CredentialUnavailableError");
    assertMatch(refused?.message ?? "", /AADSTS50076[\s\S]*entra-auth-cli get-token .* --claims [\w-]+/);
  },
});

/** Starts a vault that demands claims, on which it insists once, and records the tokens. */
async function startVault(sandbox: Sandbox, claims: string) {
  const certificate = await makeServerCertificate();
  const caFile = join(sandbox.folder, "vault-ca.pem");
  await Deno.writeTextFile(caFile, `${sandbox.provider.caPem}\n${certificate.caPem}`);
  const place = `authorization="${sandbox.provider.origin}/${sandbox.provider.tenantId}"`;
  const challenges = [
    `Bearer ${place}, resource="https://vault.azure.net"`,
    `Bearer ${place}, error="insufficient_claims", claims="${encodeBase64(claims)}"`,
  ];
  const tokens: (string | undefined)[] = [];
  const server = await startHttpsServer(0, certificate, ({ headers, url }, response) => {
    tokens.push(headers.authorization?.replace(/^Bearer /, ""));
    const challenge = challenges.shift();
    response.writeHead(challenge === undefined ? 200 : 401, {
      "content-type": "application/json",
      ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
    });
    const id = `https://localhost:${server.port}${url?.replace(/\?.*/, "")}v1`;
    response.end(JSON.stringify(challenge === undefined ? { id, value: "s3same", attributes: {} } : {}));
  });
  return { url: `https://localhost:${server.port}`, caFile, tokens, [Symbol.asyncDispose]: server.stop };
}

Deno.test({
  name: "a client of @azure/keyvault-secrets that is refused with a claims challenge succeeds through azd",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const claims = JSON.stringify({ access_token: { nbf: { essential: true, value: "1604106651" } } });
    await using vault = await startVault(sandbox, claims);
    const { stdout: cached } = await sandbox.signIn(["get-token", "--scope", VAULT]);
    const env = { DENO_CERT: vault.caFile, NODE_EXTRA_CA_CERTS: vault.caFile };
    const [read] = await callSdk(
      sandbox,
      [{ credential: "developer-cli", scope: [], vault: vault.url }],
      env,
    );
    assertEquals(read, { value: "s3same" });
    // First without a token, to learn the resource; then with the cached one, which was refused.
    const [none, first, second = ""] = vault.tokens;
    assertEquals([vault.tokens.length, none, first], [3, undefined, cached.trim()]);
    assert(second !== first);
    assertEquals(decodeJwt(second).aud, "https://vault.azure.net");
    const sent = sandbox.provider.requestsTo("token").at(-1)?.form.claims ?? "{}";
    assertEquals(JSON.parse(sent).access_token.nbf, { essential: true, value: "1604106651" });
    assertEquals(sandbox.browser.count, 1);
  },
});

Deno.test({
  name: "the SDK tells a missing sign-in from a missing az and azd",
  ignore,
  async fn() {
    const calls = (["cli", "developer-cli"] as const).map((credential) => ({ credential, scope: VAULT }));
    const [command = "", ...args] = sdkCommand(calls);
    const env = { ...inheritedVariables(), PATH: "/nonexistent" };
    const { stdout } = await new Deno.Command(command, { args, env, clearEnv: true }).output();
    const [cli, developer]: SdkOutcome[] = JSON.parse(new TextDecoder().decode(stdout));
    assertMatch(cli?.message ?? "", /^Azure CLI could not be found\./);
    assertMatch(developer?.message ?? "", /^Azure Developer CLI couldn't be found\./);
  },
});

Deno.test({
  name: "az and azd answer Terraform and other callers, and name what they do not answer",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const none = await sandbox.run(["az", "account", "show", "-o=json"]);
    assertEquals([none.code, none.stdout], [9, ""]);
    assertMatch(
      none.stderr,
      /^entra-auth-cli: error: Profile 'default' needs a sign-in for this token\nHint: /,
    );
    await sandbox.signIn(["get-token"]);
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await sandbox.run(args);
      assertEquals([code, stderr], [0, ""], args.join(" "));
      return stdout;
    };
    const account = JSON.parse(await run("az", "account", "show", "-o=json"));
    const { tenantId } = sandbox.provider;
    assertEquals([account.tenantId, account.id, account.user.name], [tenantId, tenantId, ADA.username]);
    const version = JSON.parse(await run("az", "version", "-o=json"))["azure-cli"];
    assertMatch(version, /^2\.(?!0\.)\d+\.\d+$/);
    assertEquals(await run("az", "version", "--query", '"azure-cli"', "-o", "tsv"), `${version}\n`);
    const scope = ["--scope", "User.Read"];
    const token = await run("get-token", "--quiet", ...scope);
    const query = ["--query", "accessToken", "--output", "tsv"];
    assertEquals(await run("az", "account", "get-access-token", ...scope, ...query), token);
    assertEquals(await run("azd", "auth", "token", ...scope), token);
    assertMatch(await run("azd", "version"), /^azd version 1\.\d+\.\d+ /);

    const unknown = await sandbox.run(["az", "group", "list", "--output", "json"]);
    assertEquals([unknown.code, unknown.stdout], [2, ""]);
    assertMatch(
      unknown.stderr,
      /^entra-auth-cli: error: Unknown operation "group list" of az: expected account get-access-token, /,
    );
  },
});

Deno.test({
  name:
    "install-shims replaces only its own files, --remove removes only these, and doctor names the first az",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const [mine, other] = [join(sandbox.folder, "a b's"), join(sandbox.folder, "other")];
    const program = join(sandbox.folder, "program");
    await Deno.writeTextFile(program, '#!/bin/sh\nprintf "[%s]" "$@"\n', { mode: 0o755 });
    const install = (folder: string, ...more: string[]) =>
      sandbox.run(["install-shims", folder, "--program", program, ...more]);
    const list = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();

    const source = await sandbox.run(["install-shims", mine]);
    if (Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") === undefined) assertEquals(source.code, 2, source.stderr);
    for (const profile of [["--profile", "work"], []]) {
      const { code, stdout, stderr } = await install(mine, ...profile);
      assertEquals([code, stdout], [0, ""], stderr);
      assertStringIncludes(stderr, `Wrote ${join(mine, "az")}\n`);
      const { stdout: called } = await new Deno.Command(join(mine, "azd"), { args: ["auth", "a b"] })
        .output();
      const words = ["azd", ...profile, "auth", "a b"].map((word) => `[${word}]`).join("");
      assertEquals(new TextDecoder().decode(called), words);
    }
    const azOf = async (...folders: string[]) => {
      const env = { PATH: folders.join(":") };
      const { checks } = JSON.parse((await sandbox.run(["doctor", "--output", "json"], { env })).stdout);
      return checks.find(({ check }: { check: string }) => check === "az").message;
    };
    await Deno.mkdir(other);
    await Deno.writeTextFile(join(other, "az"), "#!/bin/sh\n", { mode: 0o755 });
    await Deno.symlink(join(mine, "azd"), join(other, "azd"));
    assertEquals(await azOf(mine, other), `${join(mine, "az")} returns tokens of this program`);
    assertEquals(await azOf(other, mine), `${join(other, "az")} is another program`);

    const refused = await install(other);
    assertEquals([refused.code, refused.stdout], [2, ""]);
    assertStringIncludes(refused.stderr, `Could not write ${join(other, "az")}: it already exists`);
    assertEquals(await Deno.readTextFile(join(other, "az")), "#!/bin/sh\n");
    const kept = await sandbox.run(["install-shims", "--remove", other]);
    assertEquals([kept.code, list(other)], [0, ["az", "azd"]]);
    assertMatch(kept.stderr, /^Kept .+\/az: it is not a shim of this program\nKept .+\/azd: /);
    assertEquals((await sandbox.run(["install-shims", "--remove", mine])).code, 0);
    assertEquals(list(mine), []);
  },
});
