import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { isExecutable } from "../../support/program/executable.ts";
import { ADA } from "../../support/provider/directory.ts";
import { hasNoPseudoTerminal, plainScreen, startOnTerminal } from "../../support/program/pseudo_terminal.ts";
import { openSandbox } from "../../support/program/sandbox.ts";
import { hasCommand, hasNoShell, runShell } from "../../support/program/shell.ts";

// An executable names no shell among the programs that it may start.
const ignore = hasNoShell;

const PERMITTED = { programs: ["sh"] };

function execShell(script: string, ...flags: string[]): string[] {
  return ["exec", ...flags, "--", "sh", "-c", script];
}

Deno.test({
  name: "exec passes the token in a variable and its streams to a command, and returns its exit code",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const token = (await sandbox.signIn(["get-token"])).stdout.trim();
    const script = 'echo "$ACCESS_TOKEN"; cat; echo said >&2; exit 7';
    const result = await sandbox.run(execShell(script), { ...PERMITTED, stdin: "typed\n" });
    assertEquals([result.code, result.stdout, result.stderr], [7, `${token}\ntyped\n`, "said\n"]);

    const named = execShell('echo "$GRAPH-$ACCESS_TOKEN-"', "--env", "GRAPH");
    assertEquals((await sandbox.run(named, PERMITTED)).stdout, `${token}--\n`);
  },
});

Deno.test({
  name: "exec passes every argument after -- unchanged and parses none of them",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const words = ["--help", "-o", "json", "-e", "", "--verbose", "--", "$HOME", "a b", "--profile", "none"];
    const args = ["exec", "--", "sh", "-c", 'printf "[%s]" "$@"', "sh", ...words];
    const result = await sandbox.run(args, PERMITTED);
    assertEquals([result.code, result.stdout], [0, words.map((word) => `[${word}]`).join("")], result.stderr);

    const failing = await sandbox.run(["exec", "--profile", "none", "--", "sh", "-o", "json"], PERMITTED);
    assertEquals(failing.code, 6);
    assertMatch(
      failing.stderr,
      /^error: Profile 'none' does not exist\nHint: /,
      "-o json belongs to the command",
    );
  },
});

Deno.test({
  name: "exec --managed-identity gives a token for each request of a client that reuses connections",
  ignore: ignore || !hasCommand("curl"),
  async fn() {
    await using sandbox = await openSandbox();
    const token = (await sandbox.signIn(["get-token"])).stdout.trim();
    const script = 'url="$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=https://graph.microsoft.com"; ' +
      'curl -sS --compressed -H "X-IDENTITY-HEADER: $IDENTITY_HEADER" "$url" "$url"; ' +
      'echo "${IDENTITY_SERVER_THUMBPRINT-unset}"';
    const env = { IDENTITY_SERVER_THUMBPRINT: "00" };
    const result = await sandbox.run(execShell(script, "--managed-identity"), { ...PERMITTED, env });
    assertEquals(result.code, 0, result.stderr);
    assertEquals(result.stdout.split(`"access_token":"${token}"`).length, 3, result.stdout);
    assertMatch(result.stdout, /\}unset\n$/);
  },
});

Deno.test({
  name: "exec puts the token in no command line and passes no secret of the application to the command",
  ignore: ignore || Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    const secrets = {
      AZURE_CLIENT_SECRET: "client-secret",
      AZURE_CLIENT_CERTIFICATE_PASSWORD: "certificate-password",
    };
    const env = { ...secrets, KEPT: "kept" };
    const program = sandbox.start(execShell("cat /proc/$PPID/cmdline /proc/$$/cmdline; echo; env"), {
      ...PERMITTED,
      env,
    });
    await sandbox.userAgent.signIn(await sandbox.browser.next(), ADA);
    const { code, stdout, stderr } = await program.ended;
    assertEquals(code, 0, stderr);
    const token = /^ACCESS_TOKEN=(.+)$/m.exec(stdout)?.[1] ?? "";
    assertMatch(token, /^[\w-]+\.[\w-]+\.[\w-]+$/);
    assertEquals(stdout.split(token).length, 2, "only the variable has it");
    assertStringIncludes(stdout, "KEPT=kept");
    for (const [name, value] of Object.entries(secrets)) {
      assertMatch(stdout, new RegExp(`^${name}=$`, "m"));
      assert(!stdout.includes(value), name);
    }
    assert(!stderr.includes(token), "it is not printed");
  },
});

Deno.test({
  name: "A command of exec can run the program again if the key is in ENTRA_AUTH_CLI_KEY",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const env = { ENTRA_AUTH_CLI_KEY: btoa("k".repeat(32)) };
    const token = (await sandbox.signIn(["get-token"], ADA, { env })).stdout;
    const script = "exec entra-auth-cli exec -- sh -c 'entra-auth-cli get-token --no-interactive'";
    const nested = await runShell(sandbox, script, { env, programs: ["sh"] });
    assertEquals([nested.code, nested.stdout], [0, token], nested.stderr);
  },
});

Deno.test({
  name: "exec and a sign-in work under a parent that ignores SIGCHLD",
  ignore: ignore || Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox();
    const options = { ...PERMITTED, ignoresChildren: true };
    const signedIn = await sandbox.signIn(["get-token"], ADA, options);
    assertEquals(signedIn.code, 0, signedIn.stderr);
    const ended = await sandbox.run(execShell("exit 7"), options);
    assertEquals([ended.code, ended.stderr], [7, ""]);
  },
});

Deno.test({
  name: "exec refreshes a token that expires soon and runs nothing if it gets no token",
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    const old = (await sandbox.signIn(["get-token"])).stdout.trim();
    sandbox.provider.setAccessTokenTtl(3600);
    const refreshed = await sandbox.run(execShell('echo "$ACCESS_TOKEN"'), PERMITTED);
    assertEquals(refreshed.code, 0, refreshed.stderr);
    assertNotEquals(refreshed.stdout.trim(), old);
    assertEquals(
      refreshed.stderr,
      "⟳ Refreshing token...\n✓ Token refreshed\n",
    );

    await sandbox.run(["clear-cache"]);
    const none = await sandbox.run(execShell("echo ran", "--no-interactive"), PERMITTED);
    assertEquals([none.code, none.stdout], [9, ""], none.stderr);
  },
});

for (
  const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129], ["SIGQUIT", 131]] as const
) {
  Deno.test({
    name: `exec forwards ${signal} to its command and exits as the command does`,
    ignore,
    async fn() {
      await using sandbox = await openSandbox();
      await sandbox.signIn(["get-token"]);
      const name = signal.slice(3);
      const wait = "echo ready >&2; while :; do sleep 0.05; done";
      const deaf = sandbox.start(execShell(`trap 'echo heard; exit 5' ${name}; ${wait}`), PERMITTED);
      await deaf.stderrMatch(/ready/);
      deaf.kill(signal);
      const heard = await deaf.ended;
      assertEquals([heard.code, heard.stdout], [5, "heard\n"], heard.stderr);

      const plain = sandbox.start(execShell(`ulimit -c 0; ${wait}`), PERMITTED);
      await plain.stderrMatch(/ready/);
      plain.kill(signal);
      assertEquals((await plain.ended).code, code);
    },
  });
}

Deno.test({
  name: "exec starts no command if Ctrl-C arrives while it gets the token",
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    await sandbox.signIn(["get-token"]);
    const arrival = Promise.withResolvers<void>();
    const until = new Promise<void>(() => {});
    sandbox.provider.failNext("token", { kind: "hold", onArrival: arrival.resolve, until });
    const program = sandbox.start(execShell("echo ran"), PERMITTED);
    await arrival.promise;
    program.kill("SIGINT");
    const result = await program.ended;
    assertEquals([result.code, result.stdout], [130, ""], result.stderr);
  },
});

Deno.test({
  name: "exec on a terminal leaves Ctrl-C to its command, which receives it once, and waits for it",
  ignore: ignore || hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const script = join(sandbox.folder, "count.sh");
    await Deno.writeTextFile(
      script,
      "trap 'count=$((count + 1)); echo \"heard $count\"' INT\n" +
        'echo ready; until read line; do :; done; echo "read $line after $count"; exit 4\n',
    );
    const terminal = await startOnTerminal(sandbox, `entra-auth-cli exec -- sh '${script}'`, PERMITTED);
    await terminal.stdoutMatch(/ready/);
    await terminal.type("\x03");
    await terminal.stdoutMatch(/heard 1/);
    await terminal.type("on\r");
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 4, stdout);
    assertMatch(plainScreen(stdout), /read on after 1/);
  },
});

Deno.test({
  name: "exec on a terminal forwards a signal that the terminal does not send",
  ignore: ignore || hasNoPseudoTerminal,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const script = join(sandbox.folder, "wait.sh");
    await Deno.writeTextFile(
      script,
      "trap 'exit 6' TERM\necho parent $PPID.\nwhile :; do sleep 0.05; done\n",
    );
    const terminal = await startOnTerminal(sandbox, `entra-auth-cli exec -- sh '${script}'`, PERMITTED);
    const [, parent] = await terminal.stdoutMatch(/parent (\d+)\./);
    Deno.kill(Number(parent), "SIGTERM");
    const { code, stdout } = await terminal.ended;
    assertEquals(code, 6, stdout);
  },
});

Deno.test({
  name: "exec exits with 127 for a missing command and 126 for one that cannot run, as shells do",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const text = join(sandbox.folder, "text");
    await Deno.writeTextFile(text, "no program");
    for (const [command, code] of [["no-such-command", 127], [text, 126]] as const) {
      const result = await sandbox.run(["exec", "--", command], { programs: [command] });
      assertEquals([result.code, result.stdout], [code, ""], result.stderr);
      assertMatch(result.stderr, /^error: [^\n]+\nHint: \S/);
      assertStringIncludes(result.stderr, command);
    }
  },
});

Deno.test({
  name: "exec exits with code 8 and a hint if Deno may not start the command",
  ignore: isExecutable,
  async fn() {
    await using sandbox = await openSandbox();
    await sandbox.signIn(["get-token"]);
    const result = await sandbox.run(["exec", "--env", "T", "--", "curl", "--help"]);
    assertEquals([result.code, result.stdout], [8, ""], result.stderr);
    assertMatch(
      result.stderr,
      /^error: Running "curl" is not permitted\nHint: Add the Deno flag --allow-run=curl\n/,
    );
    assertStringIncludes(result.stderr, "T=$(entra-auth-cli get-token) curl\n");
  },
});

Deno.test({
  name:
    "exec refreshes with the system's root certificates and hides the variable that selects them from the command",
  ignore: ignore || Deno.build.os !== "linux",
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    const first = (await sandbox.signIn(["get-token"])).stdout.trim();
    const env = {
      ENTRA_AUTH_CLI_CA_CERT: "",
      SSL_CERT_FILE: join(sandbox.folder, "ca.pem"),
      DENO_TLS_CA_STORE: "",
    };
    const script = 'printf "%s %s" "$ACCESS_TOKEN" "${DENO_TLS_CA_STORE-none}"';
    const { code, stdout, stderr } = await sandbox.run(execShell(script), { ...PERMITTED, env });
    assertEquals(code, 0, stderr);
    const [token, store] = stdout.split(" ");
    assertNotEquals(token, first);
    assertEquals(store, "none");
  },
});
