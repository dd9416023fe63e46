import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { type ManagedIdentityEntry, readManagedIdentities } from "../../support/corpus/corpus.ts";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { runProgram } from "../../support/program/program.ts";
import { printReplayed } from "../../support/service/print_replayed.ts";

const RESOURCE = "https://management.azure.com/.default";

/** Returns the variables by which Azure names each endpoint. */
function variablesOf({ endpoint }: ManagedIdentityEntry, origin: string): Record<string, string> {
  const token = `${origin}/msi/token`;
  switch (endpoint) {
    case "imds":
      return { AZURE_POD_IDENTITY_AUTHORITY_HOST: origin };
    case "app-service":
      return { IDENTITY_ENDPOINT: token, IDENTITY_HEADER: "header of the test" };
    case "service-fabric":
      return { IDENTITY_ENDPOINT: token, IDENTITY_HEADER: "header", IDENTITY_SERVER_THUMBPRINT: "00" };
    case "cloud-shell":
      return { MSI_ENDPOINT: token };
    case "arc":
      return { IDENTITY_ENDPOINT: token, IMDS_ENDPOINT: origin };
  }
}

/** Returns the body with a token and times in place of the placeholders. */
function bodyOf({ body }: ManagedIdentityEntry): string {
  const end = Math.floor(Date.now() / 1000) + 3600;
  const date = new Date(end * 1000).toISOString().replace(
    /(\d+)-(\d+)-(\d+)T([\d:]+).*/,
    "$2/$3/$1 $4 +00:00",
  );
  return JSON.stringify(body).replace("{token}", "token-of-the-test").replace(
    '"{expires_on_number}"',
    String(end),
  )
    .replace("{expires_on_date}", date).replace("{expires_on}", String(end));
}

Deno.test("every response of a managed identity endpoint in the corpus gives a token or its own error, over http and https", async (t) => {
  const certificate = await makeServerCertificate();
  // The agent of Azure Arc has its challenge answered from a file that only an administrator can write.
  const entries = (await readManagedIdentities()).filter(({ endpoint }) => endpoint !== "arc");
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const caFile = join(folder, "ca.pem");
  await Deno.writeTextFile(caFile, certificate.caPem);

  async function replay(entry: ManagedIdentityEntry, home: string): Promise<void> {
    const isHttps = entry.endpoint === "app-service" || entry.endpoint === "service-fabric";
    const tls = { cert: certificate.certificatePem, key: certificate.privateKeyPem };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, ...(isHttps ? tls : {}) },
      () => new Response(bodyOf(entry), { status: entry.status, headers: entry.headers ?? {} }),
    );
    const origin = `${isHttps ? "https" : "http"}://127.0.0.1:${server.addr.port}`;
    const args = ["get-token", "--flow", "managed-identity", "--scope", RESOURCE, "--output", "json"];
    const env = {
      ENTRA_AUTH_CLI_HOME: home,
      ENTRA_AUTH_CLI_KEYRING: "file",
      ENTRA_AUTH_CLI_CA_CERT: caFile,
      ...variablesOf(entry, origin),
    };
    const result = await runProgram([...args, "--timeout", "5s"], {
      env,
      hosts: [`127.0.0.1:${server.addr.port}`],
    });
    const { code = 0, aadsts = null, correlation_id = null, words = "" } = entry.expect;
    assertEquals(result.code, code, result.stderr);
    if (code === 0) {
      assertEquals(JSON.parse(result.stdout).access_token, "token-of-the-test");
      const cached = await runProgram(args, { env });
      assertEquals([cached.code, JSON.parse(cached.stdout).source], [0, "cache"], cached.stderr);
      return;
    }
    const { error } = JSON.parse(result.stderr.slice(result.stderr.indexOf('{"error"')));
    assertEquals([error.aadsts, error.correlation_id], [aadsts, correlation_id]);
    assertStringIncludes(error.message, words);
  }

  let passed = 0;
  for (const [index, entry] of entries.entries()) {
    passed += Number(await t.step(entry.id, () => replay(entry, join(folder, `home-${index}`))));
  }
  await Deno.remove(folder, { recursive: true });
  await printReplayed("managed identities", entries.length, passed);
});
