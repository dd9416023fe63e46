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
  // Azure Arc's challenges have tests of their own below.
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

/** The folder of Azure Arc's agent for keys. Only root can write to it. */
const ARC_KEYS = "/var/opt/azcmagent/tokens";
const canWriteKeys = Deno.build.os === "linux" && Deno.uid() === 0;

Deno.test({
  name: "a challenge of Azure Arc is answered with the key in its own folder, and with no other file",
  ignore: !canWriteKeys,
  async fn() {
    const [challenge] = (await readManagedIdentities()).filter(({ endpoint }) => endpoint === "arc");
    if (challenge === undefined) throw new Error("No challenge of Azure Arc in the corpus");
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    const made = await makeFolders(ARC_KEYS);
    const key = crypto.randomUUID();
    const own = `${ARC_KEYS}/entra-auth-cli-test-${key}.key`;
    const foreign = join(folder, "foreign.key");
    try {
      for (const file of [own, foreign]) await Deno.writeTextFile(file, key);
      const received: (string | null)[] = [];
      let named = own;
      await using agent = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
        const authorization = request.headers.get("authorization");
        received.push(authorization);
        if (authorization === `Basic ${key}`) {
          return Response.json({
            access_token: "token-of-the-test",
            expires_in: "3600",
            token_type: "Bearer",
          });
        }
        const headers = Object.entries(challenge.headers ?? {})
          .map(([name, value]): [string, string] => [name, value.replace("{key_file}", named)]);
        return new Response("{}", { status: challenge.status, headers });
      });
      const env = {
        ENTRA_AUTH_CLI_HOME: join(folder, "home"),
        ENTRA_AUTH_CLI_KEYRING: "file",
        ...variablesOf(challenge, `http://127.0.0.1:${agent.addr.port}`),
      };
      const args = ["get-token", "--flow", "managed-identity", "--no-cache", "--scope", RESOURCE];
      const result = await runProgram(args, { env });
      assertEquals([result.code, result.stdout], [0, "token-of-the-test\n"], result.stderr);
      assertEquals(received, [null, `Basic ${key}`]);

      for (
        const [file, words] of [
          [foreign, "names a key file outside of its own folder"],
          [`${ARC_KEYS}/../${own.slice(ARC_KEYS.length)}`, "names a key file outside of its own folder"],
          [`${ARC_KEYS}/missing-${key}.key`, "cannot be read\nHint: sudo usermod -aG himds"],
        ] as const
      ) {
        named = file;
        received.length = 0;
        const refused = await runProgram(args, { env });
        assertEquals([refused.code, refused.stdout, received], [3, "", [null]], refused.stderr);
        assertStringIncludes(refused.stderr, words);
      }
    } finally {
      await Deno.remove(own).catch(() => {});
      await Deno.remove(folder, { recursive: true });
      // Another test may use them.
      for (const path of made.reverse()) await Deno.remove(path).catch(() => {});
    }
  },
});

/** Creates a folder and those above it, and returns those that did not exist. */
async function makeFolders(path: string): Promise<string[]> {
  const made: string[] = [];
  for (const part of path.slice(1).split("/").map((_, at, all) => `/${all.slice(0, at + 1).join("/")}`)) {
    await Deno.mkdir(part).then(() => made.push(part), () => {});
  }
  return made;
}
