import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path/join";
import { parse } from "@std/yaml/parse";
import { decodeJwt } from "jose";
import { bundleIntoOne } from "../../../scripts/build/bundle.ts";
import { startCiSystem } from "../../support/machine/ci_system.ts";
import { makeFederatedIssuer } from "../../support/network/federated_issuer.ts";
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

Deno.test("docs/ci: no example contains a secret, and each names the permissions of its job", async () => {
  for await (const { name } of Deno.readDir(FOLDER)) {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    const code = text.replaceAll(/^ *#.*$/gm, "");
    assertEquals(/secrets\.|CLIENT_SECRET *[:=]|PASSWORD|PRIVATE KEY/i.exec(code), null, name);
    const rights = /^permissions: \{\}$|^ +id_tokens:$|^ +SYSTEM_ACCESSTOKEN:/m;
    assert(rights.test(code), name);
  }
});
