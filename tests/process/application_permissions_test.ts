import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import denoJson from "../../deno.json" with { type: "json" };
import { APPLICATION_VARIABLES, MACHINE_VARIABLES } from "../support/application_variables.ts";
import { makeClientCertificate, makePfx } from "../support/client_certificate.ts";
import { CONFIDENTIAL_APPLICATION } from "../support/provider/directory.ts";
import { freePort } from "../support/ports.ts";
import { openSandbox } from "../support/sandbox.ts";

const { env: NAMES, net: HOSTS } = denoJson.permissions.default;
// An executable has its permissions inside, so there is nothing to take away.
const ignore = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;
const CLIENT = ["--client-id", CONFIDENTIAL_APPLICATION.clientId];
const GET = ["get-token", "--flow", "client-credentials", "--force", ...CLIENT];
const MACHINE = ["get-token", "--flow", "managed-identity"];

Deno.test({
  name:
    "the variables in deno.json that are for applications are those that they read, and each is asked for by name",
  ignore: ignore || Deno.build.os !== "linux",
  async fn(test) {
    await using sandbox = await openSandbox();
    const certificate = join(sandbox.folder, "certificate.pfx");
    await Deno.writeFile(certificate, makePfx(await makeClientCertificate(), "pw"));
    const nobody = `http://127.0.0.1:${freePort()}`;
    const pipelines = { SYSTEM_OIDCREQUESTURI: "https://localhost/", SYSTEM_ACCESSTOKEN: "token" };
    // What each way reads, and how it ends: some have nobody here to ask.
    const runs: [args: string[], env: Record<string, string>, code: number][] = [
      [GET, { AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" }, 0],
      [[...GET, "--certificate", certificate], { AZURE_CLIENT_CERTIFICATE_PASSWORD: "pw" }, 3],
      [[...GET, "--assertion-env", "GITLAB_OIDC_TOKEN"], {}, 2],
      [GET, pipelines, 2],
      [MACHINE, { AZURE_POD_IDENTITY_AUTHORITY_HOST: nobody }, 4],
      [MACHINE, { MSI_ENDPOINT: nobody, MSI_SECRET: "secret" }, 4],
    ];
    const used = new Set<string>();
    for (const [args, env, code] of runs) {
      const log = join(sandbox.folder, `${crypto.randomUUID()}.jsonl`);
      const result = await sandbox.run(args, { env: { ...env, DENO_AUDIT_PERMISSIONS: log } });
      assertEquals(result.code, code, result.stderr);
      for (const line of (await Deno.readTextFile(log)).trim().split("\n")) {
        const { permission, value } = JSON.parse(line);
        if (permission === "env") used.add(value);
        assertEquals(["run", "sys", "ffi"].includes(permission), false, line);
      }
    }
    const listed = [...APPLICATION_VARIABLES, ...MACHINE_VARIABLES];
    assertEquals(listed.filter((name) => !used.has(name)), []);
    assertEquals([...used].filter((name) => !NAMES.includes(name)), []);

    const secret = { AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" };
    const denials: [name: string, args: string[], env: Record<string, string>][] = [
      ["AZURE_CLIENT_SECRET", GET, {}],
      ["AZURE_CLIENT_CERTIFICATE_PATH", GET, {}],
      ["AZURE_FEDERATED_TOKEN_FILE", GET, {}],
      ["ACTIONS_ID_TOKEN_REQUEST_URL", GET, {}],
      ["SYSTEM_OIDCREQUESTURI", GET, {}],
      ["SYSTEM_ACCESSTOKEN", GET, pipelines],
      ["MSAL_FORCE_REGION", GET, secret],
      ["REGION_NAME", GET, secret],
      ["AZURE_CLIENT_CERTIFICATE_PASSWORD", [...GET, "--certificate", certificate], {}],
      ...MACHINE_VARIABLES.map((name): [string, string[], Record<string, string>] => [name, MACHINE, {}]),
    ];
    for (const [name, args, env] of denials) {
      await test.step(`${name} denied`, async () => {
        const result = await sandbox.run(args, { env, denied: [`--deny-env=${name}`] });
        assertEquals([result.code, result.stdout], [8, ""], result.stderr);
        assertStringIncludes(result.stderr, `--allow-env=${name}`);
      });
    }
  },
});

Deno.test({
  name:
    "the hosts in deno.json are enough for the metadata of a machine and for the CI systems, and one more is named",
  ignore,
  async fn() {
    for (const host of ["169.254.169.254:80", "dev.azure.com:443", "*.actions.githubusercontent.com:443"]) {
      assertEquals(HOSTS.includes(host), true, host);
    }
    await using sandbox = await openSandbox();
    const elsewhere = { IDENTITY_ENDPOINT: "http://169.254.129.4:8081/msi/token", IDENTITY_HEADER: "header" };
    const result = await sandbox.run(MACHINE, { env: elsewhere });
    assertEquals(result.code, 8, result.stderr);
    assertStringIncludes(result.stderr, "--allow-net=169.254.129.4:8081");
  },
});
