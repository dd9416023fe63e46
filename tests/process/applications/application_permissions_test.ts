import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import denoJson from "../../../deno.json" with { type: "json" };
import { APPLICATION_VARIABLES, MACHINE_VARIABLES } from "../../support/secrets/application_variables.ts";
import { makeClientCertificate, makePfx } from "../../support/secrets/client_certificate.ts";
import { makeFederatedIssuer } from "../../support/network/federated_issuer.ts";
import {
  covers,
  type Documented,
  listed,
  PermissionMatrix,
  SAVING,
} from "../../support/program/permission_matrix.ts";
import { CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { freePort } from "../../support/network/ports.ts";
import { openSandbox } from "../../support/program/sandbox.ts";

const { env: NAMES, net: HOSTS } = denoJson.permissions.default;
// An executable has fixed permissions.
const ignore = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;
const CLIENT = ["--client-id", CONFIDENTIAL_APPLICATION.clientId];
const GET = ["get-token", "--flow", "client-credentials", "--force", ...CLIENT];
const MACHINE = ["get-token", "--flow", "managed-identity"];

Deno.test({
  name: "deno.json lists exactly the variables that applications read, and each read names one of them",
  ignore: ignore || Deno.build.os !== "linux",
  async fn(test) {
    await using sandbox = await openSandbox();
    const certificate = join(sandbox.folder, "certificate.pfx");
    await Deno.writeFile(certificate, makePfx(await makeClientCertificate(), "pw"));
    const noListener = `http://127.0.0.1:${freePort()}`;
    const pipelines = { SYSTEM_OIDCREQUESTURI: "https://localhost/", SYSTEM_ACCESSTOKEN: "token" };
    // The reads of each credential, and its exit code. Some have no endpoint here.
    const runs: [args: string[], env: Record<string, string>, code: number][] = [
      [GET, { AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" }, 0],
      [[...GET, "--certificate", certificate], { AZURE_CLIENT_CERTIFICATE_PASSWORD: "pw" }, 3],
      [[...GET, "--assertion-env", "GITLAB_OIDC_TOKEN"], {}, 2],
      [GET, pipelines, 2],
      [MACHINE, { AZURE_POD_IDENTITY_AUTHORITY_HOST: noListener }, 4],
      [MACHINE, { MSI_ENDPOINT: noListener, MSI_SECRET: "secret" }, 4],
    ];
    const used = new Set<string>();
    for (const [args, env, code] of runs) {
      const log = join(sandbox.folder, `${crypto.randomUUID()}.jsonl`);
      const result = await sandbox.run(args, { env: { ...env, DENO_AUDIT_PERMISSIONS: log } });
      assertEquals(result.code, code, result.stderr);
      for (const line of (await Deno.readTextFile(log)).trim().split("\n")) {
        const { permission, value } = JSON.parse(line);
        if (permission === "env") used.add(value);
        assertEquals(["run", "ffi"].includes(permission), false, line);
        if (permission === "sys") assertEquals(value, "uid");
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
      ["AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", [...GET, "--certificate", certificate], {
        AZURE_CLIENT_CERTIFICATE_PASSWORD: "pw",
      }],
      ["ACTIONS_ID_TOKEN_REQUEST_TOKEN", GET, { ACTIONS_ID_TOKEN_REQUEST_URL: "https://localhost/" }],
      ["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", GET, pipelines],
      ["GITLAB_OIDC_TOKEN", [...GET, "--assertion-env", "GITLAB_OIDC_TOKEN"], {}],
      ...MACHINE_VARIABLES.map((name): [string, string[], Record<string, string>] => [name, MACHINE, {}]),
    ];
    assertEquals(denials.map(([name]) => name).toSorted(), listed.toSorted());
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
  name: "the hosts in deno.json suffice for machine metadata and CI systems, and a missing one is named",
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

Deno.test({
  name:
    "an application works with the permissions that `permissions` lists for its profile and credential files, and names each missing one",
  ignore: ignore || Deno.build.os !== "linux",
  async fn(test) {
    const certificate = await makeClientCertificate();
    const issuer = await makeFederatedIssuer();
    const { certificatePem, keyPem } = certificate;
    const { secret, ...application } = CONFIDENTIAL_APPLICATION;
    const certified = { ...application, clientId: crypto.randomUUID(), certificate: certificatePem };
    const federated = { ...application, clientId: crypto.randomUUID(), federation: issuer.federation };
    await using sandbox = await openSandbox({
      applications: [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION, certified, federated],
    });
    // Outside of the sandbox, whose folder may contain no token at the end.
    await using files = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
    files.defer(() => Deno.remove(folder, { recursive: true }));
    const pem = join(folder, "job.pem");
    await Deno.writeTextFile(pem, `${certificatePem}\n${keyPem}`);
    const token = join(folder, "token");
    await Deno.writeTextFile(token, await issuer.issue({ lifeSeconds: 3600 }));

    const create = async (name: string, clientId: string, ...more: string[]) => {
      const { tenantId, origin } = sandbox.provider;
      const ids = ["--tenant-id", tenantId, "--authority", origin, "--client-id", clientId];
      const args = ["create-profile", "--name", name, "--flow", "client-credentials", ...ids, ...more];
      const { code, stderr } = await sandbox.run(args, { stdin: `${secret}\n` });
      assertEquals(code, 0, stderr);
    };
    await create("with-secret", application.clientId, "--client-secret-stdin");
    await create("with-certificate", certified.clientId, "--certificate", pem);
    await create("certified", certified.clientId);
    await create("federated", federated.clientId);
    /** Files named by the profile or a variable are documented; files named by a flag are the user's. */
    const uses: [profile: string, flags: string[], env: Record<string, string>, proofs: string[]][] = [
      ["with-secret", [], {}, []],
      ["with-certificate", [], {}, [pem]],
      ["certified", [], { AZURE_CLIENT_CERTIFICATE_PATH: pem }, [pem]],
      ["certified", ["--certificate"], {}, [pem]],
      ["federated", [], { AZURE_FEDERATED_TOKEN_FILE: token }, [token]],
      ["federated", ["--assertion-file"], {}, [token]],
    ];
    const matrix = new PermissionMatrix(sandbox);
    for (const [profile, flags, env, proofs] of uses) {
      await test.step([profile, ...flags, ...Object.keys(env)].join(" "), async () => {
        const byFlag = flags.length > 0 ? proofs : [];
        const args = ["get-token", "--profile", profile, "--force", ...flags, ...byFlag];
        const use = { args, env, opens: { read: byFlag }, continuesWithout: SAVING };
        const documented = await matrix.documented("get-token", profile, env);
        const listedProofs = flags.length > 0 ? [] : proofs;
        assertEquals(documented.read, [sandbox.home, sandbox.env.ENTRA_AUTH_CLI_CA_CERT, ...listedProofs]);
        // The variables are denied one by one above.
        const isWithheld = ({ kind }: Documented) => kind !== "env";
        const asked = await matrix.examine(use, documented, isWithheld);
        const unused = listed(documented).filter((one) => !asked.some((other) => covers(one, other)));
        assertEquals(unused.filter(({ kind }) => kind === "read" || kind === "write"), []);
      });
    }
  },
});
