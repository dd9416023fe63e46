import { assertEquals, assertStringIncludes } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";
import { systemLocks } from "../../../src/system/files/lock.ts";
import type { ProgramResult, RunningProgram } from "../../support/program/program.ts";
import { CONFIDENTIAL_APPLICATION } from "../../support/provider/directory.ts";
import { createProfileArgs, openSandbox, type Sandbox } from "../../support/program/sandbox.ts";

// Only Linux exposes what another process does.
const ignore = Deno.build.os !== "linux";

const { clientId, secret = "" } = CONFIDENTIAL_APPLICATION;

function createJobArgs({ provider }: Sandbox): string[] {
  const ids = ["--tenant-id", provider.tenantId, "--client-id", clientId, "--authority", provider.origin];
  return ["create-profile", "--name", "job", "--flow", "client-credentials", ...ids];
}

/** Returns the path of the lock file of `profile`. */
async function turnFile(folder: string, profile: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(profile));
  return join(folder, `${encodeHex(new Uint8Array(hash).subarray(0, 16))}.lock`);
}

/** Reports whether a process has the file open. */
async function hasOpen(pid: number, path: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const opened = await Array.fromAsync(
    Deno.readDir(folder),
    ({ name }) => Deno.readLink(join(folder, name)).catch(() => null),
  );
  return opened.includes(path);
}

/** Reports whether every thread of a process is stopped. */
async function isStopped(pid: number): Promise<boolean> {
  const folder = `/proc/${pid}/task`;
  const states = await Array.fromAsync(
    Deno.readDir(folder),
    ({ name }) => Deno.readTextFile(join(folder, name, "status")).catch(() => ""),
  );
  return states.every((state) => state === "" || /^State:\s+T/m.test(state));
}

/** Returns the result of a program that waited for the lock of `profile` while the profile was deleted. */
async function deleteBeforeTurn(
  { home, run }: Sandbox,
  profile: string,
  start: () => RunningProgram,
): Promise<ProgramResult> {
  const folder = join(home, "locks");
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await turnFile(folder, profile);
  const lock = await systemLocks.acquire(file);
  const program = start();
  while (!await hasOpen(program.pid, file));
  program.kill("SIGSTOP");
  while (!await isStopped(program.pid));
  lock[Symbol.dispose]();
  const deleted = await run(["delete-profile", "--name", profile]);
  assertEquals(deleted.code, 0, deleted.stderr);
  program.kill("SIGCONT");
  return await program.ended;
}

function assertDeletedMeanwhile({ code, stdout, stderr }: ProgramResult, profile: string): void {
  assertEquals([code, stdout], [6, ""], stderr);
  assertStringIncludes(
    stderr,
    `Profile '${profile}' was deleted while the command ran\nHint: Create it again: `,
  );
}

Deno.test({
  name: "create-profile and edit-profile store no secret for a profile that is deleted meanwhile",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const stored = { stdin: secret };
    const edit = ["edit-profile", "--name", "job"];
    for (const args of [createJobArgs(sandbox), edit]) {
      if (args === edit) assertEquals((await sandbox.run(createJobArgs(sandbox))).code, 0);
      const result = await deleteBeforeTurn(
        sandbox,
        "job",
        () => sandbox.start([...args, "--client-secret-stdin"], stored),
      );
      assertDeletedMeanwhile(result, "job");
      assertEquals((await sandbox.run(createJobArgs(sandbox))).code, 0);
      const without = await sandbox.run(["get-token", "-p", "job"]);
      assertEquals(without.code, 2, without.stderr);
      assertStringIncludes(without.stderr, "No credential found");
      assertEquals((await sandbox.run(["delete-profile", "--name", "job"])).code, 0);
    }
  },
});

Deno.test({
  name:
    "get-token neither requests nor stores an application's token for a profile that is deleted while it waits",
  ignore,
  async fn() {
    await using sandbox = await openSandbox();
    const created = await sandbox.run([...createJobArgs(sandbox), "--client-secret-stdin"], {
      stdin: secret,
    });
    assertEquals(created.code, 0, created.stderr);
    const get = ["get-token", "-p", "job"];
    assertDeletedMeanwhile(await deleteBeforeTurn(sandbox, "job", () => sandbox.start(get)), "job");
    assertEquals(sandbox.provider.requestsTo("token").length, 0);

    const { tenantId, origin } = sandbox.provider;
    const ids = ["--tenant-id", tenantId, "--client-id", clientId, "--authority", origin];
    const unnamed = [...get, ...ids, "--flow", "client-credentials"];
    const none = await sandbox.run(unnamed);
    assertEquals([none.code, none.stdout], [2, ""], none.stderr);
    // Without any profile, tokens are stored as usual.
    const first = await sandbox.run(unnamed, { env: { AZURE_CLIENT_SECRET: secret } });
    assertEquals(first.code, 0, first.stderr);
    assertEquals((await sandbox.run(unnamed)).stdout, first.stdout);
  },
});

Deno.test({
  name:
    "get-token neither prompts nor stores anything for a profile that is deleted while it waits to refresh",
  ignore,
  async fn() {
    await using sandbox = await openSandbox({ accessTokenTtl: 60 });
    await sandbox.signIn(["get-token"]);
    const result = await deleteBeforeTurn(sandbox, "default", () => sandbox.start(["get-token"]));
    assertDeletedMeanwhile(result, "default");
    assertEquals(sandbox.browser.count, 1);
    assertEquals((await sandbox.run(createProfileArgs("default", sandbox.provider))).code, 0);
    const again = await sandbox.run(["get-token", "--no-interactive"]);
    assertEquals(again.code, 9, again.stderr);
  },
});
