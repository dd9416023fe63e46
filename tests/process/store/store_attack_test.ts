import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import { forgetTokens } from "../../../src/flows/tokens/forget_tokens.ts";
import { openProfileStore } from "../../../src/profiles/profile_store.ts";
import { openTokenStore } from "../../../src/store/token_store.ts";
import { createSystem } from "../../../src/system/create_system.ts";
import { type Locks, systemLocks } from "../../../src/system/files/lock.ts";
import { openPrivateFolder } from "../../../src/system/files/private_folder.ts";
import { ADA } from "../../support/provider/directory.ts";
import type { ProgramResult } from "../../support/program/program.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

/** Only Linux has a Secret Service; a shell script replaces its program. */
const ignore = Deno.build.os !== "linux";

const IN_FILE = { ENTRA_AUTH_CLI_KEYRING: "file" };
const IN_SERVICE = { ENTRA_AUTH_CLI_KEYRING: "secret-service" };

type Env = Readonly<Record<string, string>>;

/** Writes `script` as a `secret-tool` that precedes all other programs, and returns the variable for that. */
async function withSecretTool({ folder }: Sandbox, script: string): Promise<{ PATH: string }> {
  const path = join(folder, "bin", "secret-tool");
  await Deno.mkdir(join(folder, "bin"), { recursive: true });
  await Deno.writeTextFile(path, `#!/bin/sh\n${script}\n`);
  await Deno.chmod(path, 0o755);
  return { PATH: `${join(folder, "bin")}:${Deno.env.get("PATH")}` };
}

/** Writes a `secret-tool` that runs `first`, and stores one key in a file. */
function keepingTool({ folder }: Sandbox, first: string): string {
  const kept = join(folder, "kept");
  return `${first}
case "$1" in
store) cat > '${kept}' ;;
search) test ! -e '${kept}' || { echo '[/1]'; echo "secret = $(cat '${kept}')"; } ;;
clear) rm -f '${kept}' ;;
esac`;
}

async function signIn(sandbox: Sandbox, env: Env): Promise<ProgramResult> {
  const program = sandbox.start(["get-token", "--force"], { env });
  const url = await Promise.race([sandbox.browser.next(), program.ended]);
  if (typeof url !== "string") throw new Error(`The program did not open the browser:\n${url.stderr}`);
  await sandbox.userAgent.signIn(url, ADA);
  return await program.ended;
}

function assertPlain({ stderr }: ProgramResult): void {
  assertEquals(stderr.match(/(?!\n)[\p{Cc}\p{Cf}]/gu), null, JSON.stringify(stderr));
}

Deno.test({
  name: "Ctrl-C ends the wait for the password of the keyring, and the program that prompts for it",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    await signIn(sandbox, IN_FILE);
    const asking = join(sandbox.folder, "asking");
    assertEquals((await new Deno.Command("mkfifo", { args: [asking] }).output()).code, 0);
    const tool = await withSecretTool(
      sandbox,
      `case "$*" in *--unlock*) echo $$ > '${asking}'; exec sleep 300 ;; *) echo '[/locked]' ;; esac`,
    );
    const program = sandbox.start(["get-token"], { env: { ...tool, ...IN_SERVICE, DISPLAY: ":0" } });
    const pid = Number(await Deno.readTextFile(asking));
    program.kill("SIGINT");
    assertEquals(await program.ended, { code: 130, stdout: "", stderr: "Interrupted\n" });
    assertEquals(await Deno.stat(`/proc/${pid}`).catch(() => null), null, "no program prompts any more");
  },
});

Deno.test("A key that the user copied is used, the original is kept, and nothing else is printed", async () => {
  await using sandbox = await openSandbox();
  const { stdout: token } = await signIn(sandbox, IN_FILE);
  const env = { ENTRA_AUTH_CLI_KEY: await Deno.readTextFile(join(sandbox.home, "key")) };
  const moved = await sandbox.run(["get-token"], { env });
  assertEquals([moved.code, moved.stdout], [0, token], moved.stderr);
  assertMatch(moved.stderr, /is now in the environment variable ENTRA_AUTH_CLI_KEY$/m);
  // The variable may be gone with its shell: the key file still decrypts the tokens.
  const without = await sandbox.run(["get-token"]);
  assertEquals([without.code, without.stdout], [0, token], without.stderr);
});

Deno.test({
  name: "A key store that cannot delete the former key does no harm once the key has moved",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const working = await withSecretTool(sandbox, keepingTool(sandbox, ""));
    const { stdout: token } = await signIn(sandbox, { ...working, ...IN_SERVICE });
    const stuck = await withSecretTool(
      sandbox,
      keepingTool(sandbox, '[ "$1" != clear ] || { echo "secret-tool: no" >&2; exit 1; }'),
    );
    const moved = await sandbox.run(["get-token"], { env: { ...stuck, ...IN_FILE } });
    assertEquals([moved.code, moved.stdout], [0, token], moved.stderr);
    assertMatch(moved.stderr, /^Notice: Cannot delete the former key from the Secret Service: .*: no$/m);
  },
});

Deno.test({
  name: "A secret-tool that never stops printing exits with code 7",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    for (const script of ["exec yes 'secret = x'", "exec yes >&2"]) {
      const env = { ...await withSecretTool(sandbox, script), ...IN_SERVICE };
      await signIn(sandbox, IN_FILE);
      const result = await sandbox.run(["get-token"], { env });
      assertEquals([result.code, result.stdout], [7, ""], result.stderr);
      assertStringIncludes(result.stderr, "The Secret Service did not respond within 5 seconds\nHint: ");
    }
  },
});

Deno.test({
  name: "Messages of a key store and directory names cannot send control characters to the terminal",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const tool = await withSecretTool(
      sandbox,
      `[ "$1" = search ] || { printf 'no \\033[2J\\033]0;x\\007\\rForged\\n' >&2; exit 1; }`,
    );
    const unsaved = await signIn(sandbox, tool);
    assertEquals(unsaved.code, 0, unsaved.stderr);
    assertMatch(unsaved.stderr, /^warning: could not save the token: .*Forged$/m);
    assertPlain(unsaved);

    const env = { ENTRA_AUTH_CLI_HOME: join(sandbox.folder, "a\nb\u001b[31m") };
    await sandbox.run(createProfileArgs("default", sandbox.provider), { env });
    await Deno.chmod(env.ENTRA_AUTH_CLI_HOME, 0o755);
    const repaired = await sandbox.run(["list-profiles"], { env });
    assertMatch(repaired.stderr, /^Notice: .* was open to other users .*\n$/);
    assertPlain(repaired);
  },
});

Deno.test({
  name: "The browser and secret-tool do not inherit ENTRA_AUTH_CLI_KEY",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const seen = join(sandbox.folder, "seen");
    const tool = await withSecretTool(sandbox, keepingTool(sandbox, `env >> '${seen}'`));
    await signIn(sandbox, { ...tool, ...IN_SERVICE });
    const key = btoa("k".repeat(32));
    const moved = await sandbox.run(["status"], { env: { ...tool, ENTRA_AUTH_CLI_KEY: key } });
    assertStringIncludes(moved.stderr, "was moved from the Secret Service");
    assert(!(await Deno.readTextFile(seen)).includes(key));
  },
});

/** Returns the path, without extension, of the lock files of sign-ins to `default`. */
async function signInRecord({ home }: Sandbox): Promise<string> {
  const names = await Array.fromAsync(Deno.readDir(join(home, "locks")), ({ name }) => name);
  const name = names.find((name) => name.endsWith(".sign-in.json"));
  assert(name !== undefined);
  return join(home, "locks", name.slice(0, -".json".length));
}

Deno.test("A hostile sign-in record makes get-token neither fail, obey it, nor give dangerous advice", async () => {
  await using sandbox = await openSandbox();
  await signIn(sandbox, IN_FILE);
  const path = await signInRecord(sandbox);
  for (const pid of [-1, 0]) {
    using _lock = await systemLocks.acquire(`${path}.lock`);
    await Deno.writeTextFile(`${path}.json`, JSON.stringify({ pid, attempt: "x", outcome: null }));
    const result = await sandbox.run(["get-token", "--force", "--timeout", "1s"]);
    assertEquals(result.code, 5, result.stderr);
    assertStringIncludes(result.stderr, "Timeout waiting for another process, which");
  }
  {
    using _lock = await systemLocks.acquire(`${path}.lock`);
    // Larger than the longest string; a sparse file.
    await Deno.truncate(`${path}.json`, 600_000_000);
    const result = await sandbox.run(["get-token", "--force", "--timeout", "1s"]);
    assertEquals(result.code, 5, result.stderr);
  }
  const lock = await systemLocks.acquire(`${path}.lock`);
  await Deno.writeTextFile(`${path}.json`, JSON.stringify({ pid: 4242, attempt: "x", outcome: null }));
  const program = sandbox.start(["get-token", "--force", "--timeout", "60s"]);
  await program.stderrMatch(/Waiting for process 4242/);
  const text = "x\u001b[2J\u001b]0;x\u0007\u202e";
  const [message, hint, aadsts, correlationId] = [text, text, text, text];
  const outcome = { kind: "refused", code: "timeout", scopes: [], message, hint, aadsts, correlationId };
  await Deno.writeTextFile(`${path}.json`, JSON.stringify({ pid: 4242, attempt: "y", outcome }));
  lock[Symbol.dispose]();
  const refused = await program.ended;
  assertEquals(refused.code, 5, refused.stderr);
  assertPlain(refused);
});

Deno.test("clear-cache does not move aside a valid tokens.enc that replaces a damaged one meanwhile", async () => {
  await using sandbox = await openSandbox();
  await signIn(sandbox, IN_FILE);
  await Deno.writeTextFile(join(sandbox.home, "tokens.enc"), "damaged");
  let acquisitions = 0;
  const locks: Locks = {
    async acquire(path, options) {
      // Between reading the damaged file and moving it.
      if (path.endsWith("tokens.lock") && ++acquisitions === 2) {
        assertEquals((await sandbox.run(["clear-cache"])).code, 0);
        assertEquals((await signIn(sandbox, IN_FILE)).code, 0);
      }
      return await systemLocks.acquire(path, options);
    },
  };
  const system = createSystem({
    signal: new AbortController().signal,
    forwardSignals: () => ({ [Symbol.dispose]: () => {} }),
  });
  const notice = () => {};
  const folder = openPrivateFolder({ path: sandbox.home, files: system.files, locks, notice });
  const env = { get: () => undefined };
  const interrupted = () => system.interrupted;
  const store = openTokenStore({ ...system, env, folder, interrupted, notice });
  const forgotten = await forgetTokens("other", {
    store,
    profiles: openProfileStore({ folder }),
    signal: new AbortController().signal,
  });
  assertEquals(forgotten, { kind: "forgotten", sessions: 0 });
  assertEquals(acquisitions >= 2, true);
  assertEquals((await sandbox.run(["get-token", "--no-interactive"])).code, 0);
});

Deno.test("An invalid key or key store in the environment is an error before the user is prompted", async () => {
  await using sandbox = await openSandbox();
  for (
    const [env, code] of [
      [{ ENTRA_AUTH_CLI_KEY: "YWJj" }, 7],
      [{ ENTRA_AUTH_CLI_KEY: " " }, 7],
      [{ ENTRA_AUTH_CLI_KEYRING: "keyring" }, 2],
    ] as const
  ) {
    const variables: Env = env;
    for (const args of [["status"], ["get-token", "--timeout", "1s"]]) {
      const result = await sandbox.run(args, { env: variables });
      assertEquals([result.code, result.stdout], [code, ""], result.stderr);
    }
  }
  assertEquals(sandbox.browser.count, 0);
});
