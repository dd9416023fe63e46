import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";
import { parse } from "@std/yaml/parse";
import { decodeJwt } from "jose";
import { bundleIntoOne } from "../../../scripts/build/bundle.ts";
import { startCiSystem } from "../../support/machine/ci_system.ts";
import { makeFederatedIssuer } from "../../support/network/federated_issuer.ts";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { hasNoShell, runShell } from "../../support/program/shell.ts";

const { secret: _, ...APPLICATION } = CONFIDENTIAL_APPLICATION;
const FOLDER = new URL("../../../docs/ci/", import.meta.url);

/** Returns the scripts in a workflow that get a token. */
function signInScripts(node: unknown): string[] {
  if (typeof node === "string") return /\bget-token\b/.test(node) ? [node] : [];
  return typeof node === "object" && node !== null ? Object.values(node).flatMap(signInScripts) : [];
}

async function scriptsOf(name: string): Promise<string[]> {
  return signInScripts(parse(await Deno.readTextFile(new URL(name, FOLDER))));
}

/** Opens a CI job: its variables, a provider with an application that trusts it, and the release that it uses. */
async function openJob() {
  await using parts = new AsyncDisposableStack();
  const issuer = await makeFederatedIssuer();
  const sandbox = parts.use(
    await openSandbox({
      applications: [PUBLIC_APPLICATION, { ...APPLICATION, federation: issuer.federation }],
    }),
  );
  const ci = parts.use(
    await startCiSystem(async ({ method }) => {
      const token = await issuer.issue();
      return { body: method === "POST" ? { oidcToken: token } : { count: 1, value: token } };
    }),
  );
  const roots = join(sandbox.folder, "roots.pem");
  await Deno.writeTextFile(roots, `${sandbox.provider.caPem}\n${ci.caPem}`);
  const env = {
    // Empty, so that the program uses the home folder of the job.
    ENTRA_AUTH_CLI_HOME: "",
    HOME: sandbox.folder,
    RUNNER_TEMP: sandbox.folder,
    AGENT_TEMPDIRECTORY: sandbox.folder,
    ENTRA_AUTH_CLI_RELEASE: sandbox.folder,
    ENTRA_AUTH_CLI_CA_CERT: roots,
    AZURE_AUTHORITY_HOST: sandbox.provider.origin,
    AZURE_TENANT_ID: sandbox.provider.tenantId,
    AZURE_CLIENT_ID: APPLICATION.clientId,
  };
  const owned = parts.move();
  return { sandbox, issuer, ci, env, roots, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type Job = Awaited<ReturnType<typeof openJob>>;

/** Runs a script of a workflow and checks that it writes a token of the application. */
async function assertSignsIn({ sandbox, ci, env }: Job, script: string, more: Record<string, string>) {
  const result = await runShell(sandbox, `cd "$HOME"; set -e; ${script}`, {
    env: { ...env, ...more },
    hosts: [ci.host],
  });
  assertEquals([result.code, result.stdout], [0, ""], result.stderr);
  const file = join(sandbox.folder, "token");
  const { azpacr, appid, azp } = decodeJwt((await Deno.readTextFile(file)).trim());
  assertEquals([azpacr, azp ?? appid], ["2", APPLICATION.clientId]);
  await Deno.remove(file);
}

const ignore = hasNoShell;

Deno.test({
  name:
    "docs/ci: the GitHub Actions job signs in with the executable, and with Deno and only the listed flags",
  ignore: ignore || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using job = await openJob();
    const { sandbox, ci, roots } = job;
    const variables = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `https://${ci.host}/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "request-token-of-the-job",
    };
    const [withExecutable = "", withDeno = "", ...rest] = await scriptsOf("github-actions.yml");
    assertEquals(rest, []);
    await assertSignsIn(job, withExecutable, variables);

    await bundleIntoOne(join(sandbox.folder, "entra-auth-cli.js"));
    // The provider and GitHub have other addresses here, and there is a root certificate to read.
    const here = withDeno
      .replace("deno run", `'${Deno.execPath()}' run --no-config --no-lock`)
      .replace("login.microsoftonline.com:443", `localhost:${sandbox.provider.port}`)
      .replace("*.actions.githubusercontent.com:443", ci.host)
      .replace("--allow-read=", `--allow-read=${roots},`);
    assert(here.includes(ci.host) && !/--allow-(all|env |net |read |write )|-A\b/.test(here), here);
    await assertSignsIn(job, here, variables);
    for (const [, flag = ""] of here.matchAll(/(--allow-[a-z]+)=/g)) {
      const denied = await runShell(
        sandbox,
        `cd "$HOME"; ${here.replace(`${flag}=`, `${flag.replace("allow", "deny")}=`)}`,
        {
          env: { ...job.env, ...variables },
        },
      );
      assertEquals([denied.code, denied.stdout], [8, ""], `${flag}: ${denied.stderr}`);
    }
  },
});

Deno.test({
  name: "docs/ci: the Azure Pipelines job signs in with its service connection",
  ignore: ignore || Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined,
  async fn() {
    await using job = await openJob();
    const [script = "", ...rest] = await scriptsOf("azure-pipelines.yml");
    assertEquals(rest, []);
    await assertSignsIn(job, script, {
      SYSTEM_OIDCREQUESTURI: `https://${job.ci.host}/contoso/_apis/distributedtask/oidctoken`,
      SYSTEM_ACCESSTOKEN: "request-token-of-the-job",
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: "0b0fdab2-9d9a-4f2f-8a52-ff8a3b8e2d11",
    });
  },
});

Deno.test({
  name: "docs/ci: the GitLab job signs in with the token in its variable",
  ignore,
  async fn() {
    await using job = await openJob();
    const [script = "", ...rest] = await scriptsOf("gitlab-ci.yml");
    assertEquals(rest, []);
    await assertSignsIn(job, script, { GITLAB_OIDC_TOKEN: await job.issuer.issue() });
  },
});

/** The scripts of a workflow that download a file and compare its sum. */
function downloadScripts(node: unknown): string[] {
  if (typeof node === "string") return node.includes("sha256sum") ? [node] : [];
  if (typeof node !== "object" || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    // GitLab runs the lines of a list one after the other.
    name === "before_script" ? [value.join("\n")] : downloadScripts(value)
  );
}

Deno.test({
  name: "docs/ci: every example pins the version and the sum of what it downloads, and stops at another file",
  ignore: hasNoShell,
  async fn(test) {
    await using parts = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-ci-" });
    parts.defer(() => Deno.remove(folder, { recursive: true }));
    const { caPem, certificatePem: cert, privateKeyPem: key } = await makeServerCertificate();
    await Deno.writeTextFile(join(folder, "ca.pem"), caPem);
    const content = "#!/bin/sh\n";
    const requested: string[] = [];
    const server = parts.use(
      Deno.serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen() {} }, ({ url }) => {
        requested.push(new URL(url).pathname);
        return new Response(content);
      }),
    );
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(content));
    const sum = encodeHex(new Uint8Array(digest));
    const run = async (script: string, sum: string) => {
      const work = await Deno.makeTempDir({ dir: folder });
      const command = new Deno.Command("bash", {
        args: ["-c", `set -e; ${script.replaceAll("/usr/local/bin/", "installed")}`],
        cwd: work,
        env: {
          PATH: Deno.env.get("PATH") ?? "",
          CURL_CA_BUNDLE: join(folder, "ca.pem"),
          no_proxy: "*",
          RUNNER_TEMP: work,
          AGENT_TEMPDIRECTORY: work,
          GITHUB_PATH: join(work, "path"),
          ENTRA_AUTH_CLI_RELEASE: `https://localhost:${server.addr.port}/v1`,
          ENTRA_AUTH_CLI_SHA256: sum,
          ENTRA_AUTH_CLI_MODULE_SHA256: sum,
        },
        clearEnv: true,
        stdin: "null",
      });
      const { success, stderr } = await command.output();
      return { success, said: new TextDecoder().decode(stderr) };
    };
    for await (const { name } of Deno.readDir(FOLDER)) {
      const text = await Deno.readTextFile(new URL(name, FOLDER));
      assert(/ENTRA_AUTH_CLI_RELEASE: https:\/\/\S+\/v\d+\.\d+\.\d+$/m.test(text), name);
      const scripts = downloadScripts(parse(text));
      assertEquals(scripts.length, text.match(/--output entra-auth-cli/g)?.length, name);
      for (const script of scripts) {
        await test.step(`${name}: ${/entra-auth-cli-?\S*?(?=")/.exec(script)?.[0]}`, async () => {
          assertStringIncludes(script, "curl --proto '=https' --tlsv1.2 ");
          const good = await run(script, sum);
          assert(good.success, good.said);
          const bad = await run(script, "0".repeat(64));
          assert(!bad.success, "another file is not refused");
        });
      }
    }
    assertEquals(requested.length, 8);
  },
});

Deno.test("docs/ci: no example contains a secret, and each names the permissions of its job", async () => {
  for await (const { name } of Deno.readDir(FOLDER)) {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const code = text.replaceAll(/^ *#.*$/gm, "");
    assertEquals(/secrets\.|CLIENT_SECRET *[:=]|PASSWORD|PRIVATE KEY/i.exec(code), null, name);
    const rights = /^permissions: \{\}$|^ +id_tokens:$|^ +SYSTEM_ACCESSTOKEN:/m;
    assert(rights.test(code), name);
  }
});
