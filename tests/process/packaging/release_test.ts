import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { join } from "@std/path/join";
import { COMMAND_NAMES } from "../../../src/cli/program.ts";
import { enterDeviceCode } from "../../support/browser/enter_device_code.ts";
import { startGraph } from "../../support/network/graph.ts";
import type { ProgramResult } from "../../support/program/program.ts";
import { freePort, occupyPort } from "../../support/network/ports.ts";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { isExecutable } from "../../support/program/executable.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { makeClientCertificate } from "../../support/secrets/client_certificate.ts";
import { hasCommand, hasNoShell, hasScriptTools, startShell } from "../../support/program/shell.ts";
import {
  AD_FS,
  ADA,
  B2C,
  CONFIDENTIAL_APPLICATION,
  CUSTOM_DOMAIN,
  EXTERNAL_ID,
  PUBLIC_APPLICATION,
} from "../../support/provider/directory.ts";

// What an executable of a release does, and the source only with more flags of Deno.
const ignore = !isExecutable;

Deno.test({
  name:
    "B2C, External ID, a custom domain and AD FS sign in under their own host names, refresh and run programs",
  ignore,
  async fn(test) {
    const authorities = [B2C, EXTERNAL_ID, CUSTOM_DOMAIN, AD_FS];
    await using sandbox = await openSandbox({ authorities });
    const { clientId, tenantId } = sandbox.provider;
    const tenant = ["--tenant-id", tenantId];
    const script = "process.stdout.write(process.env.ACCESS_TOKEN)";
    const js = hasCommand("node") ? ["node", "-e", script] : [Deno.execPath(), "eval", script];
    const sh = hasNoShell ? js : ["sh", "-c", 'printf %s "$ACCESS_TOKEN"'];
    // The path and flags of each authority, a scope, the tenant of the account, and a program for exec.
    const table = [
      [
        B2C,
        "/contoso.onmicrosoft.com/B2C_1_signin",
        [],
        "https://contoso.onmicrosoft.com/api/read",
        tenantId,
        js,
      ],
      [EXTERNAL_ID, "", [], "User.Read", tenantId, sh],
      [CUSTOM_DOMAIN, "", tenant, "api://tasks/Read", tenantId, js],
      [AD_FS, "/adfs", [], "openid", "adfs", sh],
    ] as const;
    for (const [{ host }, path, flags, scope, tenantOfAccount, program] of table) {
      await test.step(host, async () => {
        const profile = ["--profile", host];
        const url = ["--authority", `https://${host}${path}`];
        const ids = ["--name", host, "--client-id", clientId, ...flags];
        const created = await sandbox.run(["create-profile", ...url, ...ids, "--scope", scope]);
        assertEquals(created.code, 0, created.stderr);
        const signedIn = await sandbox.signIn(["get-token", "--output", "json", ...profile]);
        assertEquals([signedIn.code, signedIn.page.status], [0, 200], signedIn.stderr);
        const { account, access_token: token } = JSON.parse(signedIn.stdout);
        assertEquals([account.username, account.tenant_id], [ADA.username, tenantOfAccount]);
        const ran = await sandbox.run(["exec", ...profile, "--", ...program]);
        assertEquals([ran.code, ran.stdout], [0, token], ran.stderr);
        const refreshed = await sandbox.run(["refresh", ...profile]);
        assertEquals(refreshed.code, 0, refreshed.stderr);
      });
    }
    const hosts = new Set(sandbox.provider.requestsTo("token").map(({ headers }) => headers.host));
    assertEquals([...hosts], authorities.map(({ host }) => host));
  },
});

Deno.test("DENO_SERVE_ADDRESS neither moves the callback server nor makes it listen elsewhere", async () => {
  await using sandbox = await openSandbox();
  for (const kind of ["tcp", "duplicate,tcp"]) {
    const port = freePort();
    const env = { DENO_SERVE_ADDRESS: `${kind}:127.0.0.1:${port}` };
    const program = sandbox.start(["get-token", "--force"], { env });
    const url = await Promise.race([sandbox.browser.next(), program.ended]);
    assert(typeof url === "string", JSON.stringify(url));
    occupyPort(port)[Symbol.dispose]();
    await sandbox.userAgent.signIn(url, ADA);
    const { code, stderr } = await program.ended;
    assertEquals(code, 0, stderr);
  }
});

Deno.test({
  name: "streams of the shell are read, and one as --file is refused with what to do instead",
  ignore: ignore || !await hasScriptTools(),
  async fn(test) {
    const { certificatePem, keyPem } = await makeClientCertificate();
    const { secret: _, ...application } = { ...CONFIDENTIAL_APPLICATION, certificate: certificatePem };
    await using sandbox = await openSandbox({ applications: [PUBLIC_APPLICATION, application] });
    assertEquals((await sandbox.signIn(["get-token"])).code, 0);
    const { clientId } = CONFIDENTIAL_APPLICATION;
    const job = createProfileArgs("job", { ...sandbox.provider, clientId }, "--flow", "client-credentials");
    assertEquals((await sandbox.run(job)).code, 0);
    const pem = join(sandbox.folder, "app.pem");
    await Deno.writeTextFile(pem, certificatePem + keyPem);
    const root = sandbox.env.ENTRA_AUTH_CLI_CA_CERT ?? "";
    const special = "it is a special file\nHint: Choose the path of a regular file, or omit --file: stdout";
    const cases = [
      ["entra-auth-cli get-token --file >(cat)", 7, `Could not write /dev/fd/63: ${special}`],
      ["entra-auth-cli export-profile --all --file >(cat)", 7, `Could not write /dev/fd/63: ${special}`],
      ["entra-auth-cli get-token --file /dev/stdout | cat", 7, `Could not write /dev/stdout: ${special}`],
      ["entra-auth-cli get-token --file /dev/null", 0, ""],
      [`entra-auth-cli get-token --profile job --certificate /dev/stdin --file /dev/null <${pem}`, 0, ""],
      [`entra-auth-cli get-token --profile job --force --certificate <(cat ${pem}) >/dev/null`, 0, ""],
      [`entra-auth-cli refresh --ca-cert <(cat ${root})`, 0, "✓ Token refreshed"],
      [`entra-auth-cli inspect --verify --ca-cert <(cat ${root}) --file <(entra-auth-cli get-token)`, 0, ""],
    ] as const;
    for (const [script, code, message] of cases) {
      await test.step(script.replaceAll(sandbox.folder, ""), async () => {
        const env = { ENTRA_AUTH_CLI_CA_CERT: script.includes("--ca-cert <(cat") ? "" : root };
        const shell = await startShell(sandbox, ["bash", "-c", `set -o pipefail; ${script}`], { env });
        const result = await shell.ended;
        assertEquals(result.code, code, result.stderr);
        assertStringIncludes(result.stderr, message);
        assert(!NAMES_DENO.test(result.stderr), result.stderr);
      });
    }
  },
});

Deno.test({
  name:
    "a managed identity over https is used with a root of its own, and without it the error names --ca-cert",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const { certificatePem: cert, privateKeyPem: key, caPem } = await makeServerCertificate();
    const body = { access_token: "token-of-the-test", token_type: "Bearer", expires_in: "3600" };
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, cert, key },
      () => Response.json(body),
    );
    const ca = join(sandbox.folder, "identity.pem");
    await Deno.writeTextFile(ca, caPem);
    const endpoint = `https://127.0.0.1:${server.addr.port}/msi/token`;
    const scope = "https://vault.azure.net/.default";
    const get = (...flags: string[]) =>
      sandbox.run(
        ["get-token", "--flow", "managed-identity", "--scope", scope, ...flags],
        {
          env: { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: "header", ENTRA_AUTH_CLI_CA_CERT: "" },
        },
      );
    const untrusted = await get();
    assertEquals([untrusted.code, untrusted.stdout], [4, ""], untrusted.stderr);
    assertMatch(untrusted.stderr, /^Hint: Pass the root of its certificate with --ca-cert FILE\.$/m);
    const trusted = await get("--ca-cert", ca);
    assertEquals([trusted.code, trusted.stdout], [0, "token-of-the-test\n"], trusted.stderr);
  },
});

/** Matches advice that no user of an executable can follow. */
const NAMES_DENO = /--allow-|\bdeno run\b|Deno flag/;

Deno.test({
  name: "doctor names no flag of Deno, and never contradicts itself about permissions",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const browsers = ["", "/usr/bin/no-such-browser %s", "/etc/passwd", "true"];
    for (const BROWSER of browsers) {
      const { code, stdout, stderr } = await sandbox.run(["doctor"], { env: { BROWSER, DISPLAY: ":0" } });
      assertEquals([code, stderr], [0, ""], stdout);
      assertMatch(stdout, /^ok {4}permissions /m);
      assert(!/not granted|not permitted|may not/.test(stdout) && !NAMES_DENO.test(stdout), stdout);
    }
  },
});

/** Examples that do not run here, and why. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['eval deno run "$(entra-auth-cli permissions)" main.ts get-token', "runs the source"],
]);

/** Returns the examples in the README's blocks for bash that run the program. */
async function readmeExamples(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
  const blocks = [...text.matchAll(/^( *)```bash\n(.*?)^ *```$/gms)].map(([, , block = ""]) => block);
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n\s*/g, "").split("\n"));
  return lines.map((line) => line.trim().replace(/\s+# .*$/, "")).filter(isProgram);
}

function isProgram(line: string): boolean {
  return COMMAND_NAMES.some((name) => line.includes(`entra-auth-cli ${name}`));
}

/** Returns the examples of a help text, which stand under comments. */
function helpExamples(help: string): string[] {
  const [, examples = ""] = help.split("\nExamples:\n");
  const [block = ""] = examples.split("\n\n");
  return block.split("\n").map((line) => line.trim()).filter((line) => !line.startsWith("#"));
}

/** Where the examples run. */
interface ExampleSetup {
  readonly sandbox: Sandbox;
  /** The folder with the home folders of the program and of the user, which each example gets a copy of. */
  readonly template: string;
  /** The variables by which the program and curl reach the stand-in for Graph. */
  readonly graph: Readonly<Record<string, string>>;
  /** The next URL that the browser opens. */
  opened: Promise<string>;
}

/** Runs an example in a folder of its own, with its home and files, and signs in if it asks for that. */
async function runExample(example: string, setup: ExampleSetup): Promise<ProgramResult> {
  const { sandbox, template, graph } = setup;
  const { tenantId, clientId } = sandbox.provider;
  const typed = example.replaceAll(/(?<!\$)\bURL\b/g, "https://graph.microsoft.com/v1.0/me")
    .replaceAll(/\bTENANT\b/g, tenantId).replaceAll(/(?<=--client-id )ID\b/g, clientId);
  // A name that is taken is no example of a new one.
  const created = /create-profile --name (\S+)/.exec(typed)?.[1];
  const isSignedOut = /get-token.*--flow/.test(typed);
  const script = [
    "set -euo pipefail",
    'rm -rf "$HOME" "$ENTRA_AUTH_CLI_HOME"',
    'cp -R "$TEMPLATE/home" "$ENTRA_AUTH_CLI_HOME"; cp -R "$TEMPLATE/user" "$HOME"; cd "$HOME"',
    ...created === undefined ? [] : [`entra-auth-cli delete-profile --yes --name ${created} || true`],
    ...isSignedOut ? ["entra-auth-cli clear-cache"] : [],
    ...typed.includes('"$TOKEN"') ? ["TOKEN=$(entra-auth-cli get-token --quiet)"] : [],
    "echo === >&2",
    typed,
  ].join("\n");
  const shell = await startShell(sandbox, ["bash", "-c", `exec 2>&1; { ${script}\n} </dev/null`], {
    env: {
      HOME: join(sandbox.folder, "example"),
      ENTRA_AUTH_CLI_HOME: join(sandbox.folder, "example-home"),
      TEMPLATE: template,
      ...graph,
      AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "",
      // Only the profile of a job has an application with a secret.
      ...typed.includes("--flow client-credentials") ? { ENTRA_AUTH_CLI_PROFILE: "job" } : {},
      TENANT_ID: tenantId,
      APP_ID: clientId,
      URL: "https://graph.microsoft.com/v1.0/me",
      WWW_AUTHENTICATE: `Bearer error="insufficient_claims", claims="${
        encodeBase64('{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}')
      }"`,
    },
  });
  if (typed.includes("--flow device-code")) {
    await enterDeviceCode(sandbox, shell.stdoutMatch);
    return await shell.ended;
  }
  const url = await Promise.race([setup.opened, shell.ended]);
  if (typeof url !== "string") return url;
  setup.opened = sandbox.browser.next();
  await sandbox.userAgent.signIn(url, ADA);
  return await shell.ended;
}

Deno.test({
  name: "every example of the README and of the help of exec, get-token and permissions runs",
  ignore: ignore || !await hasScriptTools() || !hasCommand("node") || !hasCommand("git"),
  async fn(test) {
    await using sandbox = await openSandbox({ devicePollInterval: 1 });
    await using graph = await startGraph(sandbox.folder, { id: ADA.objectId });
    const helps = await Promise.all(
      ["exec", "get-token", "permissions"].map((name) => sandbox.run([name, "--help"])),
    );
    const examples = [...await readmeExamples(), ...helps.flatMap(({ stdout }) => helpExamples(stdout))];
    for (const word of ["exec -- sh -c", "node report.js", "get-token --flow device-code", "curl -H"]) {
      assert(examples.some((example) => example.includes(word)), `an example with ${word}`);
    }
    assertEquals([...NOT_RUN.keys()].filter((example) => !examples.includes(example)), []);

    const { home, folder, provider } = sandbox;
    const template = join(folder, "template");
    const user = join(template, "user");
    await Deno.mkdir(join(user, ".config", "fish", "completions"), { recursive: true });
    const report = "process.exit((process.env.GRAPH_TOKEN ?? process.env.ACCESS_TOKEN ?? '') === '' ? 1 : 0)";
    await Deno.writeTextFile(join(user, "report.js"), report);
    await Deno.writeTextFile(
      join(user, "app.js"),
      "process.exit('IDENTITY_ENDPOINT' in process.env ? 0 : 1)",
    );
    const ok = async (args: readonly string[]) => {
      const { code, stderr } = await sandbox.run(args);
      assertEquals(code, 0, stderr);
    };
    await ok(createProfileArgs("other", provider));
    await ok(["export-profile", "--name", "other", "--file", join(user, "profiles.json")]);
    await ok(["delete-profile", "--name", "other", "--yes"]);
    await ok(createProfileArgs("myapp", provider));
    const job = { ...provider, clientId: CONFIDENTIAL_APPLICATION.clientId };
    await ok(createProfileArgs("job", job, "--flow", "client-credentials"));
    assertEquals((await sandbox.signIn(["get-token"])).code, 0);
    assertEquals((await sandbox.signIn(["get-token", "--profile", "myapp"])).code, 0);
    await Deno.rename(home, join(template, "home"));

    const caFile = join(folder, "graph-ca.pem");
    await Deno.writeTextFile(caFile, `${provider.caPem}\n${graph.caPem}`);
    const toGraph = {
      CURL_HOME: graph.curlHome,
      HTTPS_PROXY: graph.proxyUrl,
      NO_PROXY: "localhost,127.0.0.1",
      ENTRA_AUTH_CLI_CA_CERT: caFile,
    };
    const setup = { sandbox, template, graph: toGraph, opened: sandbox.browser.next() };
    for (const example of new Set(examples)) {
      if (NOT_RUN.has(example)) continue;
      await test.step(example, async () => {
        const { code, stdout } = await runExample(example, setup);
        const [, output = ""] = stdout.split("===\n");
        assertEquals([code, /^Hint:.*|command not found/m.exec(output)?.[0]], [0, undefined], stdout);
        if (example.includes("valid")) assertMatch(output, /valid/);
      });
    }
  },
});
