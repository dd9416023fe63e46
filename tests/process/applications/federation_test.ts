import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { startCiSystem } from "../../support/machine/ci_system.ts";
import { makeFederatedIssuer } from "../../support/network/federated_issuer.ts";
import type { ProgramResult } from "../../support/program/program.ts";
import { hasNoShell } from "../../support/program/shell.ts";
import { CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const { secret: _, ...APPLICATION } = CONFIDENTIAL_APPLICATION;
const GET = ["get-token", "--client-id", APPLICATION.clientId, "--flow", "client-credentials", "--force"];
const JOB_TOKEN = "what-lets-this-job-ask";

/**
 * Opens a sandbox whose application trusts an issuer, and a file for its tokens outside of the sandbox, whose folder
 * may contain none at the end.
 */
async function openFederatedSandbox() {
  const issuer = await makeFederatedIssuer();
  const file = await Deno.makeTempFile({ prefix: "entra-auth-cli-test-" });
  const sandbox = await openSandbox({
    applications: [PUBLIC_APPLICATION, { ...APPLICATION, federation: issuer.federation }],
  });
  return {
    sandbox,
    issuer,
    file,
    async [Symbol.asyncDispose]() {
      await Deno.remove(file);
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

function assertGood(result: ProgramResult, from: string): void {
  assertEquals(result.code, 0, result.stderr);
  assertEquals(decodeJwt(result.stdout).azpacr, "2");
  assertStringIncludes(result.stderr, `Credential: ${from}`);
}

function assertRefused(result: ProgramResult, code: number, ...named: string[]): void {
  assertEquals([result.code, result.stdout], [code, ""], result.stderr);
  assertMatch(result.stderr, /\nHint: \S/);
  for (const text of named) assertStringIncludes(result.stderr, text);
  assert(!/eyJ|what-lets/.test(result.stderr), result.stderr);
}

Deno.test("a federated token from a file or a variable authenticates the application and is read for each use", async () => {
  await using at = await openFederatedSandbox();
  const { sandbox, issuer, file } = at;
  await Deno.writeTextFile(file, `${await issuer.issue()}\n`);
  assertGood(await sandbox.run([...GET, "--verbose", "--assertion-file", file]), "--assertion-file");
  // The token rotates.
  await Deno.writeTextFile(file, await issuer.issue({ lifeSeconds: -60 }));
  const env = { AZURE_FEDERATED_TOKEN_FILE: file };
  assertRefused(await sandbox.run(GET, { env }), 3, "AADSTS700024");
  await Deno.writeTextFile(file, await issuer.issue());
  assertGood(await sandbox.run([...GET, "--verbose"], { env }), "AZURE_FEDERATED_TOKEN_FILE");

  const gitlab = { GITLAB_OIDC_TOKEN: await issuer.issue() };
  const byVariable = [...GET, "--verbose", "--assertion-env", "GITLAB_OIDC_TOKEN"];
  assertGood(await sandbox.run(byVariable, { env: gitlab }), "the variable GITLAB_OIDC_TOKEN");
  assertRefused(await sandbox.run(byVariable), 2, "The variable GITLAB_OIDC_TOKEN is empty");
});

Deno.test({
  name: "exec does not pass the assertion of --assertion-env to its command",
  ignore: hasNoShell,
  async fn() {
    await using at = await openFederatedSandbox();
    const assertion = await at.issuer.issue();
    const flags = [...GET.slice(1), "--assertion-env", "GITLAB_OIDC_TOKEN"];
    const script = 'echo "[$GITLAB_OIDC_TOKEN] $ACCESS_TOKEN"';
    const { code, stdout, stderr } = await at.sandbox.run(["exec", ...flags, "--", "sh", "-c", script], {
      env: { GITLAB_OIDC_TOKEN: assertion },
      programs: ["sh"],
    });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^\[\] eyJ/);
  },
});

Deno.test("an untrusted federated token is rejected, and each reason has its own message", async (test) => {
  await using at = await openFederatedSandbox();
  const { sandbox, issuer, file } = at;
  const cases: [name: string, token: () => Promise<string>, aadsts: string, says: string][] = [
    ["issuer", () => issuer.issue({ iss: "https://elsewhere.example" }), "AADSTS700211", "issuer"],
    ["audience", () => issuer.issue({ aud: "https://gitlab.com" }), "AADSTS700212", "audience"],
    ["subject", () => issuer.issue({ sub: "repo:contoso/fork" }), "AADSTS700213", "subject"],
    ["signature", () => issuer.forge(), "AADSTS50013", ""],
  ];
  for (const [name, token, aadsts, says] of cases) {
    await test.step(name, async () => {
      const assertion = await token();
      await Deno.writeTextFile(file, assertion);
      const refused = await sandbox.run([...GET, "--assertion-file", file]);
      assertRefused(refused, 3, aadsts, says);
      const { iss, sub, aud } = decodeJwt(assertion);
      const sent = `has the issuer ${iss}, the subject ${sub} and the audience ${aud}`;
      assertStringIncludes(refused.stderr, sent);
      assert(!refused.stderr.includes(assertion), "not the assertion itself");
    });
  }
  await test.step("no token at all", async () => {
    const before = sandbox.provider.requests.length;
    const get = () => sandbox.run([...GET, "--assertion-file", file]);
    await Deno.writeTextFile(file, "not a token");
    assertRefused(await get(), 2, "does not contain a JWT");
    const elsewhere = ["--assertion-file", `${file}-elsewhere`];
    assertRefused(
      await sandbox.run([...GET, ...elsewhere]),
      2,
      "no such file",
      "Check --assertion-file",
    );
    const two = ["--assertion-file", file, "--certificate", file];
    assertRefused(await sandbox.run([...GET, ...two]), 2, "--certificate and --assertion-file");
    assertEquals(sandbox.provider.requests.slice(before).filter(({ form }) => form.client_id), []);
  });
});

Deno.test("in GitHub Actions the token of the job authenticates the application", async () => {
  await using at = await openFederatedSandbox();
  const { sandbox, issuer } = at;
  let answer: () => Promise<{ status?: number; body: unknown }> = async () => ({
    body: { count: 1, value: await issuer.issue() },
  });
  await using ci = await startCiSystem(() => answer());
  const url = `https://${ci.host}/token?api-version=2.0`;
  const bothRoots = join(sandbox.folder, "both.pem");
  await Deno.writeTextFile(bothRoots, `${sandbox.provider.caPem}\n${ci.caPem}`);
  const hosts = [`localhost:${sandbox.provider.port}`, ci.host];
  const run = (env: Record<string, string>, ...args: string[]) =>
    sandbox.run([...GET, ...args], { hosts, env: { ENTRA_AUTH_CLI_CA_CERT: bothRoots, ...env } });
  const variables = { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: JOB_TOKEN };

  assertGood(await run(variables, "--verbose"), "GitHub Actions");
  const [asked] = ci.asked;
  assertEquals([asked?.method, asked?.authorization], ["GET", `Bearer ${JOB_TOKEN}`]);
  assertEquals(Object.fromEntries(asked?.url.searchParams ?? []), {
    "api-version": "2.0",
    audience: "api://AzureADTokenExchange",
  });

  assertRefused(
    await run({ ACTIONS_ID_TOKEN_REQUEST_URL: url }),
    2,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "id-token: write",
  );
  assertRefused(
    await run({ ...variables, ACTIONS_ID_TOKEN_REQUEST_URL: url.replace("https", "http") }),
    2,
    "https",
  );
  // The error of Deno would quote the token.
  const broken = { ...variables, ACTIONS_ID_TOKEN_REQUEST_TOKEN: JOB_TOKEN.replace("-", "\n") };
  const refused = await run(broken, "--verbose");
  assertRefused(refused, 2, 'header "authorization"', "a line break");
  assert(!refused.stderr.includes(JOB_TOKEN.split("-")[1] ?? JOB_TOKEN), refused.stderr);
  answer = () => Promise.resolve({ status: 403, body: { message: "eyJ.not-for-you" } });
  assertRefused(await run(variables), 3, "GitHub Actions returned no token", "status 403");
  answer = () => Promise.resolve({ body: "<html>" });
  assertRefused(await run(variables), 3, "GitHub Actions returned no token");
  assertEquals(ci.asked.length, 3);
});

Deno.test("in Azure Pipelines the token of the service connection authenticates the application", async () => {
  await using at = await openFederatedSandbox();
  const { sandbox, issuer } = at;
  await using ci = await startCiSystem(async () => ({ body: { oidcToken: await issuer.issue() } }));
  const bothRoots = join(sandbox.folder, "both.pem");
  await Deno.writeTextFile(bothRoots, `${sandbox.provider.caPem}\n${ci.caPem}`);
  const hosts = [`localhost:${sandbox.provider.port}`, ci.host];
  const run = (env: Record<string, string>, ...args: string[]) =>
    sandbox.run([...GET, ...args], { hosts, env: { ENTRA_AUTH_CLI_CA_CERT: bothRoots, ...env } });
  const address = { SYSTEM_OIDCREQUESTURI: `https://${ci.host}/contoso/_apis/distributedtask/oidctoken` };
  const token = { SYSTEM_ACCESSTOKEN: JOB_TOKEN };
  const connection = { AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: "0b0fdab2-9d9a-4f2f-8a52-ff8a3b8e2d11" };

  assertGood(await run({ ...address, ...token, ...connection }, "--verbose"), "Azure Pipelines");
  const [asked] = ci.asked;
  assertEquals([asked?.method, asked?.authorization], ["POST", `Bearer ${JOB_TOKEN}`]);
  assertEquals(asked?.redirects, "Suppress");
  assertEquals(asked?.url.pathname, "/contoso/_apis/distributedtask/oidctoken");
  assertEquals(Object.fromEntries(asked?.url.searchParams ?? []), {
    "api-version": "7.1",
    serviceConnectionId: "0b0fdab2-9d9a-4f2f-8a52-ff8a3b8e2d11",
  });
  assertRefused(await run(address), 2, "SYSTEM_ACCESSTOKEN is not set", "$(System.AccessToken)");
  assertRefused(await run({ ...address, ...token }), 2, "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID is not set");
  assertEquals(ci.asked.length, 1);
});

Deno.test("flags override the secret, the certificate and the token of the environment, which override the CI system", async () => {
  await using at = await openFederatedSandbox();
  const { sandbox, issuer, file } = at;
  await Deno.writeTextFile(file, await issuer.issue());
  const ci = {
    ACTIONS_ID_TOKEN_REQUEST_URL: "https://token.actions.example/",
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: JOB_TOKEN,
  };
  const federated = { ...ci, AZURE_FEDERATED_TOKEN_FILE: file };
  const certificate = { ...federated, AZURE_CLIENT_CERTIFICATE_PATH: "/nowhere.pem" };
  const secret = { ...certificate, AZURE_CLIENT_SECRET: "wrong" };
  const get = (env: Record<string, string>, ...args: string[]) =>
    sandbox.run([...GET, "--verbose", ...args], { env });
  assertGood(await get(secret, "--assertion-file", file), "--assertion-file");
  assertRefused(await get(secret), 3, "Credential: AZURE_CLIENT_SECRET");
  assertRefused(await get(certificate), 2, "Check AZURE_CLIENT_CERTIFICATE_PATH");
  assertGood(await get(federated), "AZURE_FEDERATED_TOKEN_FILE");
  // Without other credentials the CI system is used, to which this program may not even connect.
  assertRefused(await get(ci), 8, "Credential: GitHub Actions", "--allow-net=token.actions.example");
});
