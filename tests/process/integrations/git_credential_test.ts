import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path/join";
import { decodeJwt } from "jose";
import { makeServerCertificate } from "../../support/provider/certificate.ts";
import { ADA, CONFIDENTIAL_APPLICATION } from "../../support/provider/directory.ts";
import { startHttpsServer } from "../../support/provider/https_server.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";
import { hasCommand, hasNoShell, runShell } from "../../support/program/shell.ts";

const AZURE_DEVOPS = "499b84ac-1321-427f-aa17-267ca6975798";
const SCOPE = `${AZURE_DEVOPS}/user_impersonation`;
const noGit = hasNoShell || !hasCommand("git");
const reason = noGit ? " (ignored: no git here)" : "";

/** Runs a git command that reads `input`, with the program as the only credential helper. */
async function git(sandbox: Sandbox, command: string, input: string, helper = "credential-helper") {
  const config = join(sandbox.folder, "gitconfig");
  await Deno.writeTextFile(config, `[credential]\n\thelper = "!entra-auth-cli ${helper}"\n`);
  const env = {
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    HOME: sandbox.folder,
  };
  const file = join(sandbox.folder, "input");
  await Deno.writeTextFile(file, input);
  return await runShell(sandbox, `cd '${sandbox.folder}' && git ${command} < '${file}'`, { env });
}

function passwordOf(answer: string): string {
  return /^password=(.*)$/m.exec(answer)?.[1] ?? "";
}

Deno.test({
  name: `git credential fill receives the user name and token for Azure Repos${reason}`,
  ignore: noGit,
  async fn() {
    await using sandbox = await openSandbox();
    const token = (await sandbox.signIn(["get-token", "--scope", SCOPE])).stdout.trim();
    const asked = "protocol=https\nhost=dev.azure.com\npath=contoso/shop/_git/web\n\n";
    const filled = await git(sandbox, "credential fill", asked);
    assertEquals([filled.code, filled.stderr], [0, ""]);
    assertMatch(filled.stdout, new RegExp(`^username=${ADA.username}$`, "m"));
    assertEquals(passwordOf(filled.stdout), token);
    assertEquals(decodeJwt(token).aud, AZURE_DEVOPS);

    const named = await git(
      sandbox,
      "credential fill",
      "url=https://contoso@contoso.visualstudio.com/_git/web\n\n",
    );
    assertMatch(named.stdout, /^username=contoso$/m);
    assertEquals(passwordOf(named.stdout), token);

    const approved = await git(sandbox, "credential approve", filled.stdout);
    assertEquals([approved.code, approved.stdout, approved.stderr], [0, "", ""]);
    const other = await git(sandbox, "credential fill", "url=https://github.com/x\n\n");
    assertEquals([other.code === 0, other.stdout], [false, ""], "no credential for another host");
    assert(!other.stderr.includes("Hint:"), other.stderr);
  },
});

Deno.test({
  name: `git credential reject makes the program refresh the token without the user${reason}`,
  ignore: noGit,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token", "--scope", SCOPE]);
    const asked = "protocol=https\nhost=dev.azure.com\n\n";
    const first = await git(sandbox, "credential fill", asked);
    const rejected = await git(sandbox, "credential reject", first.stdout);
    assertEquals([rejected.code, rejected.stdout, rejected.stderr], [0, "", ""]);
    const second = await git(sandbox, "credential fill", asked);
    assertNotEquals(passwordOf(second.stdout), passwordOf(first.stdout));
    assertMatch(passwordOf(second.stdout), /^[\w-]+\.[\w-]+\.[\w-]+$/);
    // A late rejection of the old token does not affect the new one.
    await git(sandbox, "credential reject", first.stdout);
    assertEquals((await git(sandbox, "credential fill", asked)).stdout, second.stdout);
    assertEquals(sandbox.browser.count, 1);
  },
});

Deno.test({
  name: `git sends the token to its host and requests a new one after a refusal${reason}`,
  ignore: noGit,
  async fn() {
    await using sandbox = await openSandbox();
    const token = (await sandbox.signIn(["get-token", "--scope", SCOPE])).stdout.trim();
    const certificate = await makeServerCertificate();
    const sent: string[] = [];
    let refused = "";
    const server = await startHttpsServer(0, certificate, (request, response) => {
      const [, basic = ""] = (request.headers.authorization ?? "").split(" ");
      const password = atob(basic).split(":")[1] ?? "";
      if (password === "" || password === refused) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="repos"' }).end();
        return;
      }
      sent.push(password);
      response.setHeader("content-type", "application/x-git-upload-pack-advertisement")
        .end("001e# service=git-upload-pack\n00000000");
    });
    try {
      const caFile = join(sandbox.folder, "git-ca.pem");
      await Deno.writeTextFile(caFile, certificate.caPem);
      const command =
        `-c http.sslCAInfo='${caFile}' ls-remote https://localhost:${server.port}/contoso/_git/web`;
      const list = () => git(sandbox, command, "", `credential-helper --host localhost:${server.port}`);
      assertEquals((await list()).code, 0);
      assertEquals(new Set(sent), new Set([token]));

      refused = token;
      const unauthorized = await list();
      assert(unauthorized.code !== 0, "git fails after a refusal and informs the helper");
      assertEquals((await list()).code, 0);
      assertNotEquals(sent.at(-1), token);
      assertEquals(sandbox.browser.count, 1);
    } finally {
      await server.stop();
    }
  },
});

Deno.test("credential-helper get signs the user in and names the scheme if git supports it", async () => {
  await using sandbox = await openSandbox();
  const stdin = "capability[]=authtype\nprotocol=https\nhost=dev.azure.com\n\n";
  const refused = await sandbox.run(["credential-helper", "--no-interactive", "get"], { stdin });
  assertEquals([refused.code, refused.stdout], [9, ""], refused.stderr);

  const program = sandbox.start(["credential-helper", "get"], { stdin });
  await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
  const { code, stdout, stderr } = await program.ended;
  assertEquals(code, 0, stderr);
  const [, token = "", end] = stdout.match(
    /^capability\[\]=authtype\nauthtype=Bearer\ncredential=(.+)\nephemeral=1\npassword_expiry_utc=(\d+)\n$/,
  ) ?? [];
  assertEquals(decodeJwt(token).scp, "user_impersonation");
  // The lifetime counts from the arrival of the response, which may be in the next second.
  assertAlmostEquals(Number(end), decodeJwt(token).exp ?? 0, 1);
  assert(!stderr.includes(token), stderr);
  assertStringIncludes(stderr, "✓ Authentication successful!");
});

Deno.test("credential-helper returns an application's token without a sign-in", async () => {
  await using sandbox = await openSandbox();
  const application = ["--flow", "client-credentials", "--client-id", CONFIDENTIAL_APPLICATION.clientId];
  const options = {
    stdin: "protocol=https\nhost=dev.azure.com\n\n",
    env: { AZURE_CLIENT_SECRET: CONFIDENTIAL_APPLICATION.secret ?? "" },
  };
  const get = ["credential-helper", "--no-interactive", "--quiet", ...application, "get"];
  const first = await sandbox.run(get, options);
  assertEquals([first.code, first.stderr], [0, ""]);
  assertMatch(first.stdout, /^username=token\n/);
  const { aud, oid } = decodeJwt(passwordOf(first.stdout));
  assertEquals([aud, oid], [AZURE_DEVOPS, CONFIDENTIAL_APPLICATION.objectId]);
  assertEquals((await sandbox.run(get, options)).stdout, first.stdout, "from the cache");

  const erase = ["credential-helper", ...application, "erase"];
  const stdin = `${options.stdin.trim()}\n${first.stdout}\n`;
  assertEquals((await sandbox.run(erase, { ...options, stdin })).code, 0);
  assertNotEquals((await sandbox.run(get, options)).stdout, first.stdout);
});

Deno.test("credential-helper prints nothing for other hosts and operations, even without a profile", async () => {
  await using sandbox = await openSandbox();
  const table = [
    ["get", "protocol=https\nhost=github.com\n\n"],
    ["get", "protocol=http\nhost=dev.azure.com\n\n"],
    ["store", "protocol=https\nhost=dev.azure.com\npassword=x\n\n"],
    ["fetch-from-the-future", "protocol=https\nhost=dev.azure.com\n\n"],
  ] as const;
  for (const [operation, stdin] of table) {
    const result = await sandbox.run(["credential-helper", "--profile", "none", operation], { stdin });
    assertEquals([result.code, result.stdout, result.stderr], [0, "", ""], operation);
  }
  const missing = await sandbox.run(["credential-helper"]);
  assertEquals([missing.code, missing.stdout], [2, ""]);
});
