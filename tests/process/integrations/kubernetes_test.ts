import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/join";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { startHttpsServer } from "../../support/provider/https_server.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, startShell } from "../../support/program/shell.ts";

const noKubectl = !hasCommand("kubectl");
const reason = noKubectl ? " (ignored: no kubectl here)" : "";

/** The types of the fields of `ExecCredential` and of its status, from the client.authentication.k8s.io reference. */
const FIELDS = { apiVersion: "string", kind: "string", spec: "object", status: "object" };
const STATUS_FIELDS = {
  expirationTimestamp: "string",
  token: "string",
  clientCertificateData: "string",
  clientKeyData: "string",
};

function assertFields(value: Record<string, unknown>, known: Record<string, string>): void {
  for (const [name, field] of Object.entries(value)) assertEquals(typeof field, known[name], name);
}

/** Checks version and kind, that there are no unknown fields, a token or a key pair, and times in RFC 3339. */
function assertExecCredential(text: string, apiVersion: string): void {
  const credential = JSON.parse(text);
  assertFields(credential, FIELDS);
  assertEquals([credential.apiVersion, credential.kind], [apiVersion, "ExecCredential"]);
  const { status } = credential;
  assertFields(status, STATUS_FIELDS);
  assert(status.token !== undefined || (status.clientCertificateData && status.clientKeyData));
  assertMatch(status.token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
  assertMatch(status.expirationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
  assert(Date.parse(status.expirationTimestamp) > Date.now());
}

Deno.test("get-token --output exec-credential follows the schema of the version that the client requests", async () => {
  await using sandbox = await openSandbox();
  const { stdout: token } = await sandbox.signIn(["get-token"]);
  for (const version of ["v1", "v1beta1"]) {
    const apiVersion = `client.authentication.k8s.io/${version}`;
    const KUBERNETES_EXEC_INFO = JSON.stringify({
      kind: "ExecCredential",
      apiVersion,
      spec: { interactive: false },
    });
    const args = ["get-token", "--output", "exec-credential"];
    const result = await sandbox.run(args, { env: { KUBERNETES_EXEC_INFO } });
    assertEquals(result.code, 0, result.stderr);
    assertExecCredential(result.stdout, apiVersion);
    assertEquals(JSON.parse(result.stdout).status.token, token.trim());
  }
  await sandbox.run(["clear-cache"]);
  const KUBERNETES_EXEC_INFO =
    '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}';
  const none = await sandbox.run(["get-token", "-o", "exec-credential"], { env: { KUBERNETES_EXEC_INFO } });
  assertEquals([none.code, none.stdout], [9, ""], none.stderr);
  assertMatch(none.stderr, /Hint: Sign in first: entra-auth-cli get-token --profile default\n/);
});

/** Writes a kubeconfig for an API server with the section from the README. Returns its path. */
async function writeKubeconfig(sandbox: Sandbox, port: number, caPem: string): Promise<string> {
  const path = join(sandbox.folder, "kubeconfig.json");
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "entra-auth-cli",
    args: ["get-token", "--quiet", "--output", "exec-credential"],
    interactiveMode: "IfAvailable",
  };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{
      name: "c",
      cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": btoa(caPem) },
    }],
    users: [{ name: "u", user: { exec } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  await Deno.writeTextFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

Deno.test({
  name: `kubectl gets its token from the program and sends it to the API server${reason}`,
  ignore: noKubectl,
  async fn() {
    await using sandbox = await openSandbox();
    const { stdout: token } = await sandbox.signIn(["get-token"]);
    const sent: unknown[] = [];
    const certificate = await makeServerCertificate();
    const server = await startHttpsServer(0, certificate, (request, response) => {
      sent.push(request.headers.authorization);
      response.setHeader("content-type", "application/json").end('{"major":"1","minor":"32"}');
    });
    try {
      const env = {
        KUBECONFIG: await writeKubeconfig(sandbox, server.port, certificate.caPem),
        HOME: sandbox.folder,
      };
      const kubectl = async () =>
        await (await startShell(sandbox, ["kubectl", "get", "--raw", "/version"], { env })).ended;
      const result = await kubectl();
      assertEquals(result.code, 0, result.stderr);
      assertEquals(new Set(sent), new Set([`Bearer ${token.trim()}`]));
      const asked = sent.length;

      await sandbox.run(["clear-cache"]);
      const refused = await kubectl();
      assertEquals([refused.code, sent.length], [1, asked], refused.stderr);
      assertMatch(refused.stderr, /this Kubernetes client cannot prompt\nHint: Sign in first/);
    } finally {
      await server.stop();
    }
  },
});
