import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { makeClientCertificate, makePfx } from "../../support/secrets/client_certificate.ts";
import { ADA, CONFIDENTIAL_APPLICATION, PUBLIC_APPLICATION } from "../../support/provider/directory.ts";
import { hasNoPseudoTerminal, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

// An executable starts only the programs in its own list.
const isExecutable = Deno.env.get("ENTRA_AUTH_CLI_EXECUTABLE") !== undefined;

/** Variables that pass a secret to the program, each with a unique value. */
const SECRETS = {
  AZURE_CLIENT_SECRET: "a client secret of the test",
  AZURE_CLIENT_CERTIFICATE_PASSWORD: "a certificate's password of the test",
};

/** Variables that pass a secret to a job, which the command of `exec` inherits. */
const SECRETS_OF_THE_JOB = {
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "a pipeline's token of the test",
  SYSTEM_ACCESSTOKEN: "another pipeline's token of the test",
  GITLAB_OIDC_TOKEN: "a federated token of the test",
  IDENTITY_HEADER: "a machine's secret of the test",
  MSI_SECRET: "an old machine's secret of the test",
};

/** The data key, which the command of `exec` inherits too. */
const ENTRA_AUTH_CLI_KEY = btoa("k".repeat(32));

/** Puts programs first on the PATH that record their variables and arguments and then do their `work`. */
async function observePrograms({ folder }: Sandbox, works: Readonly<Record<string, string>>) {
  // A shell of the sandbox has this folder first too.
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  for (const [name, work] of Object.entries(works)) {
    const note = `{ env; tr '\\0' '\\n' </proc/$$/cmdline; } >>'${join(folder, `seen-by-${name}`)}'`;
    await Deno.writeTextFile(join(bin, name), `#!/bin/sh\n${note}\n${work}\n`, { mode: 0o755 });
  }
  return {
    PATH: `${bin}:${Deno.env.get("PATH")}`,
    /** Checks everything that a program has received so far. */
    async assertSawNone(name: string, ...others: string[]): Promise<void> {
      const path = join(folder, `seen-by-${name}`);
      const seen = await Deno.readTextFile(path);
      assertStringIncludes(seen, "\nKEPT=kept\n", `${name} has the other variables`);
      const hidden = name === "a-command" ? SECRETS : {
        ...SECRETS,
        ...SECRETS_OF_THE_JOB,
        ENTRA_AUTH_CLI_KEY,
      };
      for (const variable of Object.keys(hidden)) assertMatch(seen, new RegExp(`^${variable}=$`, "m"));
      for (const secret of [...Object.values(hidden), ...others]) assert(!seen.includes(secret), name);
      const handedOn = name === "a-command" ? SECRETS_OF_THE_JOB : {};
      for (const [variable, value] of Object.entries(handedOn)) {
        assertStringIncludes(seen, `\n${variable}=${value}\n`);
      }
      // The sandbox would find the secrets in it.
      await Deno.remove(path);
    },
  };
}

async function pathOf(program: string): Promise<string> {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", `command -v ${program}`] }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test({
  name: "no started program receives a secret: the browser, secret-tool, tee, the command of exec",
  ignore: hasNoPseudoTerminal || isExecutable,
  async fn() {
    await using sandbox = await openSandbox();
    const { folder, browser, userAgent } = sandbox;
    const key = join(folder, "key");
    const { PATH, assertSawNone } = await observePrograms(sandbox, {
      "a-browser": `exec ${browser.browser.replace("%s", '"$1"')}`,
      "a-command": "exit 0",
      "tee": `exec ${await pathOf("tee")} "$@"`,
      "secret-tool": `case "$1" in
store) cat >'${key}' ;;
search) test ! -e '${key}' || { echo '[/1]'; echo "secret = $(cat '${key}')"; } ;;
esac`,
    });
    const env = { ...SECRETS, ...SECRETS_OF_THE_JOB, PATH, KEPT: "kept", BROWSER: "a-browser %s" };

    const ran = sandbox.start(["exec", "--", "a-command"], {
      env: { ...env, ENTRA_AUTH_CLI_KEYRING: "secret-service" },
      programs: ["a-browser", "a-command"],
    });
    const url = await Promise.race([browser.next(), ran.ended]);
    assert(typeof url === "string", JSON.stringify(url));
    await userAgent.signIn(url, ADA);
    const { code, stderr } = await ran.ended;
    assertEquals(code, 0, stderr);

    // The key now comes from the variable, so secret-tool deletes its own.
    const moved = await sandbox.run(["status"], { env: { ...env, ENTRA_AUTH_CLI_KEY } });
    assertStringIncludes(moved.stderr, "was moved from the Secret Service");

    const hidden = `sh -c "entra-auth-cli get-token --force --show-url >/dev/null 2>/dev/null </dev/null"`;
    const terminal = await startOnTerminal(sandbox, hidden, { env: { ...env, ENTRA_AUTH_CLI_KEY } });
    const [, shown = ""] = await terminal.stdoutMatch(/^ {2}(https:\S+)\r$/m);
    await userAgent.signIn(shown, ADA);
    assertEquals((await terminal.ended).code, 0);

    for (const name of ["a-browser", "a-command", "tee"]) await assertSawNone(name);
    await assertSawNone("secret-tool", await Deno.readTextFile(key));
  },
});

Deno.test({
  name: "no command line contains a secret while an application token is requested",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const certificate = await makeClientCertificate();
    const { secret = "", ...application } = CONFIDENTIAL_APPLICATION;
    const certified = {
      ...application,
      clientId: "dddddddd-bbbb-4ccc-8ddd-eeeeeeeeeeee",
      certificate: certificate.certificatePem,
    };
    const applications = [PUBLIC_APPLICATION, CONFIDENTIAL_APPLICATION, certified];
    await using sandbox = await openSandbox({ applications });
    const path = join(sandbox.folder, "locked.pfx");
    const password = "the password of the file";
    await Deno.writeFile(path, makePfx(certificate, password));
    const get = ["get-token", "--flow", "client-credentials", "--no-cache", "--client-id"];
    for (
      const [args, env, hidden] of [
        [[application.clientId], { AZURE_CLIENT_SECRET: secret }, secret],
        [
          [certified.clientId, "--certificate", path],
          { AZURE_CLIENT_CERTIFICATE_PASSWORD: password },
          password,
        ],
      ] as const
    ) {
      const arrival = Promise.withResolvers<void>();
      const look = Promise.withResolvers<void>();
      sandbox.provider.failNext("token", { kind: "hold", onArrival: arrival.resolve, until: look.promise });
      const program = sandbox.start([...get, ...args], { env });
      await Promise.race([arrival.promise, program.ended]);
      const commandLine = await Deno.readTextFile(`/proc/${program.pid}/cmdline`);
      look.resolve();
      const { code, stdout, stderr } = await program.ended;
      assertEquals(code, 0, stderr);
      assertStringIncludes(commandLine, "\0client-credentials\0");
      const form = sandbox.provider.requestsTo("token").at(-1)?.form ?? {};
      for (const one of [hidden, form.client_assertion ?? hidden, stdout.trim()]) {
        assert(!commandLine.includes(one));
      }
    }
  },
});
