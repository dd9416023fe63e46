import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { startHttpsServer } from "../../support/provider/https_server.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, hasNoShell, runShell } from "../../support/program/shell.ts";

const ARM = "https://management.core.windows.net//.default";
const ME = "00000000-0000-0000-0000-000000000000";

/** Starts a server that exchanges tokens as a registry does, until it is told to refuse them. */
async function startRegistry(sandbox: Sandbox) {
  const certificate = await makeServerCertificate();
  const caFile = join(sandbox.folder, "registry-ca.pem");
  await Deno.writeTextFile(caFile, `${sandbox.provider.caPem}\n${certificate.caPem}`);
  const requests: { target: string; form: Record<string, string> }[] = [];
  const answers: { status: number; body: unknown; headers?: Record<string, string> }[] = [];
  const server = await startHttpsServer(0, certificate, (request, response) => {
    let body = "";
    request.on("data", (chunk) => body += chunk);
    request.on("end", () => {
      const form = Object.fromEntries(new URLSearchParams(body));
      requests.push({ target: `${request.method} ${request.url}`, form });
      const answer = answers.shift() ?? { status: 200, body: { refresh_token: "registry-secret" } };
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers })
        .end(JSON.stringify(answer.body));
    });
  });
  const host = `localhost:${server.port}`;
  const run = (operation: string, stdin: string) =>
    sandbox.run(["docker-credential", "--host", host, operation], {
      stdin,
      env: { ENTRA_AUTH_CLI_CA_CERT: caFile },
      hosts: [`localhost:${sandbox.provider.port}`, host],
    });
  return { host, run, requests, answers, [Symbol.asyncDispose]: () => server.stop() };
}

Deno.test("docker-credential exchanges a token at the registry, and keeps and lists nothing", async () => {
  await using sandbox = await openSandbox();
  await using registry = await startRegistry(sandbox);
  const { host, run, requests } = registry;
  const { stdout: token } = await sandbox.signIn(["get-token", "--scope", ARM]);
  for (const server of [`${host}\n`, `https://${host}/v2/`]) {
    const got = await run("get", server);
    assertEquals([got.code, got.stderr], [0, ""]);
    assertEquals(JSON.parse(got.stdout), { ServerURL: host, Username: ME, Secret: "registry-secret" });
  }
  const tenant = sandbox.provider.tenantId;
  const form = { grant_type: "access_token", service: host, tenant, access_token: token.trim() };
  assertEquals(requests, [1, 2].map(() => ({ target: "POST /oauth2/exchange", form })));
  assertEquals(decodeJwt(token).aud, "https://management.core.windows.net/");

  const credential = JSON.stringify({ ServerURL: host, Username: ME, Secret: "a" });
  for (
    const [operation, stdin, stdout] of [["list", "", "{}\n"], ["store", credential, ""], ["erase", host, ""]]
  ) {
    const result = await run(operation ?? "", stdin ?? "");
    assertEquals([result.code, result.stdout, result.stderr], [0, stdout, ""], operation);
  }
  assertEquals([requests.length, sandbox.browser.count], [2, 1]);
});

Deno.test("docker-credential sends a token to no other host, along no redirect, and reports a refusal", async () => {
  await using sandbox = await openSandbox();
  await using registry = await startRegistry(sandbox);
  const { host, run, requests, answers } = registry;
  for (const other of ["docker.io", "contoso.azurecr.io.evil.example", "contoso.azurecr.us", ""]) {
    const { code, stdout } = await run("get", other);
    assertEquals([code, stdout], [1, "credentials not found in native keychain\n"], other);
  }
  assertEquals([requests.length, sandbox.provider.requests.length], [0, 0]);

  await sandbox.signIn(["get-token", "--scope", ARM]);
  answers.push({ status: 307, body: {}, headers: { location: `https://${host}/elsewhere` } });
  const moved = await run("get", host);
  assertEquals([moved.code, moved.stdout, requests.length], [3, "", 1]);
  assertStringIncludes(moved.stderr, `entra-auth-cli: error: The registry ${host} sent no token (HTTP 307)`);
  answers.push({ status: 401, body: { errors: [{ code: "UNAUTHORIZED", message: "no access for 'ada'" }] } });
  const refused = await run("get", host);
  assertEquals([refused.code, refused.stdout], [3, ""]);
  assertMatch(
    refused.stderr,
    /refused the token \(HTTP 401\)\nDetails: no access for 'ada'\nHint: .*AcrPull/,
  );
});

const IMAGE = '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}';

/** Starts a registry like Azure Container Registry: clients exchange an Entra token for a refresh token, and that for a token. */
async function startImageRegistry(sandbox: Sandbox) {
  const certificate = await makeServerCertificate();
  const caFile = join(sandbox.folder, "image-ca.pem");
  await Deno.writeTextFile(caFile, `${sandbox.provider.caPem}\n${certificate.caPem}`);
  const basic = `Basic ${encodeBase64(`${ME}:registry-refresh`)}`;
  const targets: string[] = [];
  const server = await startHttpsServer(0, certificate, (request, response) => {
    const [path = ""] = (request.url ?? "").split("?");
    const { authorization = "", host } = request.headers;
    targets.push(`${request.method} ${path} ${authorization.split(" ")[0]}`);
    const challenge = `Bearer realm="https://${host}/oauth2/token",service="${host}"`;
    const send = (status: number, body: string, type = "application/json") =>
      response.writeHead(status, { "content-type": type, "www-authenticate": challenge }).end(body);
    if (path === "/oauth2/exchange") return void send(200, '{"refresh_token":"registry-refresh"}');
    if (path === "/oauth2/token" && authorization === basic) {
      return void send(200, '{"token":"registry-access"}');
    }
    if (authorization !== "Bearer registry-access") return void send(401, "{}");
    send(
      200,
      path.startsWith("/v2/app/manifests/") ? IMAGE : "{}",
      "application/vnd.oci.image.index.v1+json",
    );
  });
  return { host: `localhost:${server.port}`, caFile, targets, [Symbol.asyncDispose]: server.stop };
}

const hasNoSkopeo = hasNoShell || !hasCommand("skopeo");

Deno.test({
  name: `skopeo reads an image with docker-credential-entra-auth-cli${
    hasNoSkopeo ? ": skopeo is not installed" : ""
  }`,
  ignore: hasNoSkopeo,
  async fn() {
    await using sandbox = await openSandbox();
    await using registry = await startImageRegistry(sandbox);
    const { host, caFile, targets } = registry;
    await sandbox.signIn(["get-token", "--scope", ARM]);
    const home = join(sandbox.folder, "skopeo");
    await Deno.mkdir(join(home, ".docker"), { recursive: true });
    const config = { credHelpers: { [host]: "entra-auth-cli" } };
    await Deno.writeTextFile(join(home, ".docker", "config.json"), JSON.stringify(config));
    const script = `cd "$(dirname "$(command -v entra-auth-cli)")"
      printf '#!/bin/sh\\nexec entra-auth-cli docker-credential --host %s "$@"\\n' ${host} >docker-credential-entra-auth-cli
      chmod 755 docker-credential-entra-auth-cli
      exec skopeo inspect --raw docker://${host}/app:1`;
    const env = { HOME: home, SSL_CERT_FILE: caFile, ENTRA_AUTH_CLI_CA_CERT: caFile };
    const result = await runShell(sandbox, script, { env, hosts: [host] });
    assertEquals([result.code, result.stdout], [0, IMAGE], result.stderr);
    assertEquals(targets.filter((target) => target.includes("/oauth2/")), [
      "POST /oauth2/exchange ",
      "GET /oauth2/token Basic",
    ]);
  },
});
