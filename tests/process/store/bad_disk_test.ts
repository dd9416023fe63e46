import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path/join";
import {
  canMountFuse,
  type DiskContent,
  ERRNO,
  FaultDisk,
} from "../../support/machine/fault_disk/fault_disk.ts";
import { stepsOf } from "../../support/machine/fault_disk/kill_at_step.ts";
import { type Machine, openMachine } from "../../support/machine/machine.ts";
import { canMountMemoryDisk, mountMemoryDisk } from "../../support/machine/mounts.ts";
import { isExecutable } from "../../support/program/executable.ts";
import type { ProgramResult } from "../../support/program/program.ts";
import { createProfileArgs, openSandbox } from "../../support/program/sandbox.ts";
import { ADA } from "../../support/provider/directory.ts";
import { hasNoShell, runShell, signInWithShell } from "../../support/program/shell.ts";

const noMemoryDisks = !await canMountMemoryDisk();
const noFaultDisks = !await canMountFuse();

const NOT_SAVED = /^warning: could not save the token: (.+)$/m;

/** Asserts that a token was printed with a warning that it is not saved, and why. */
function assertTokenWithWarning(result: ProgramResult, why: string): void {
  assertEquals(result.code, 0, result.stderr);
  assertMatch(result.stdout, /^[\w.-]{20,}\n$/);
  assertStringIncludes(NOT_SAVED.exec(result.stderr)?.[1] ?? result.stderr, why);
  assert(!result.stderr.includes("Token saved"), result.stderr);
}

/** Asserts that the program exited with code 7 and one clear error. */
function assertStoreError(result: ProgramResult, why: string): void {
  assertEquals([result.code, result.stdout], [7, ""], result.stderr);
  assertStringIncludes(result.stderr, why);
  assert(!/\n\s+at |Unexpected error/.test(result.stderr), result.stderr);
}

/** Writes into a new file until the disk is full. */
async function fillDisk(path: string): Promise<void> {
  const block = new Uint8Array(1024);
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  try {
    while (await file.write(block) > 0);
  } catch (error) {
    assertStringIncludes(String(error), "No space left");
  }
}

async function names(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test({
  name: "On a full disk a new token is printed with a warning, and saved tokens are kept",
  ignore: noMemoryDisks,
  async fn() {
    await using disk = await mountMemoryDisk(64);
    const home = join(disk.path, "home");
    await using machine = await openMachine(home, { accessTokenTtl: 60 });
    const filler = join(disk.path, "filler");
    await fillDisk(filler);
    const first = await machine.signIn("get-token");
    assertTokenWithWarning(first, "the disk is full");
    assertEquals((await names(home)).filter((name) => /enc|tmp/.test(name)), []);
    const { provider } = machine.sandbox;
    assertStoreError(await machine.run(...createProfileArgs("other", provider)), "the disk is full");
    assertMatch((await machine.run("doctor")).stdout, /^fail {2}folder .*: the disk is full$/m);
    assertEquals(JSON.parse(await machine.output("list-profiles", "--output", "json")).length, 1);

    await Deno.remove(filler);
    assertEquals((await machine.signIn("get-token")).code, 0);
    const saved = await Deno.readFile(join(home, "tokens.enc"));
    await fillDisk(filler);
    machine.sandbox.provider.setAccessTokenTtl(3600);
    const asked = provider.requestsTo("token").length;
    // The token has a minute left. A refresh would invalidate the refresh token, which cannot be replaced here.
    const cached = await machine.run("get-token", "--no-interactive");
    assertEquals(cached.code, 0, cached.stderr);
    assertStringIncludes(cached.stderr, "the disk is full");
    assertStoreError(await machine.run("refresh"), "the disk is full");
    assertEquals(provider.requestsTo("token").length, asked);
    assertEquals(await Deno.readFile(join(home, "tokens.enc")), saved);
    assertEquals((await names(home)).filter((name) => name.endsWith(".tmp")), []);

    await Deno.remove(filler);
    const again = await machine.run("get-token", "--no-interactive");
    assertEquals([again.code, NOT_SAVED.test(again.stderr)], [0, false], again.stderr);
    assertEquals((await machine.run("refresh")).code, 0);
  },
});

Deno.test({
  name:
    "A disk that becomes full during a refresh loses no refresh token, and another failure says what is lost",
  ignore: noMemoryDisks,
  async fn() {
    await using disk = await mountMemoryDisk(128);
    const home = join(disk.path, "home");
    await using machine = await openMachine(home, { accessTokenTtl: 60 });
    const { provider } = machine.sandbox;
    assertEquals((await machine.signIn("get-token")).code, 0);
    const filler = join(disk.path, "filler");
    const during = async (happens: () => Promise<void>) => {
      const arrival = Promise.withResolvers<void>();
      const until = arrival.promise.then(happens);
      provider.failNext("token", { kind: "hold", onArrival: arrival.resolve, until });
      return await machine.run("refresh");
    };
    const full = await during(() => fillDisk(filler));
    assertEquals([full.code, full.stderr.includes("could not save")], [0, false], full.stderr);
    await Deno.remove(filler);
    const next = await machine.run("refresh");
    assertEquals(next.code, 0, next.stderr);

    // The authority has replaced the saved refresh token, and the new one cannot be written.
    const lock = join(home, "tokens.lock");
    const barred = await during(async () => {
      await Deno.remove(lock);
      await Deno.mkdir(lock);
    });
    assertMatch(barred.stderr, /could not save[^]*Sign in again if the next refresh is refused/);
    assertEquals((await names(home)).filter((name) => name.endsWith(".tmp")), []);
    await Deno.remove(lock);
    const lost = await machine.run("refresh");
    assertEquals([lost.code, lost.stdout], [3, ""], lost.stderr);
  },
});

Deno.test({
  name: "On a read-only file system a cached token is returned, and a new one printed with a warning",
  ignore: noMemoryDisks,
  async fn() {
    await using disk = await mountMemoryDisk(256);
    const home = join(disk.path, "home");
    await using machine = await openMachine(home);
    const token = (await machine.signIn("get-token")).stdout;
    const before = await names(home);
    await disk.setReadOnly(true);
    assertEquals(await machine.output("get-token", "--no-interactive"), token);
    assertEquals((await machine.run("inspect")).code, 0);
    const asked = machine.sandbox.provider.requestsTo("token").length;
    // A refresh would invalidate the refresh token, which cannot be replaced here.
    assertStoreError(await machine.run("refresh"), "the file system is read-only");
    assertEquals(machine.sandbox.provider.requestsTo("token").length, asked);
    assertStoreError(await machine.run("clear-cache"), "the file system is read-only");
    assertTokenWithWarning(await machine.signIn("get-token", "--force"), "the file system is read-only");
    await disk.setReadOnly(false);
    assertEquals(await names(home), before);
    assertEquals(await machine.output("get-token", "--no-interactive"), token);
  },
});

/** A disk with the home folder of a signed-in user, and its content to restore. */
async function signedIn(
  disk: FaultDisk,
  machine: Machine,
): Promise<{ token: string; content: DiskContent }> {
  const token = (await machine.signIn("get-token")).stdout;
  return { token, content: disk.content() };
}

function tokensOn(disk: FaultDisk): Uint8Array | null | undefined {
  return disk.content().get("home/tokens.enc")?.data;
}

const TROUBLES = [
  { errno: ERRNO.ENOSPC, why: "the disk is full" },
  { errno: ERRNO.EDQUOT, why: "the disk is full" },
  { errno: ERRNO.EROFS, why: "the file system is read-only" },
];

Deno.test({
  name: "A disk failure at any step of a refresh loses neither the saved tokens nor the new one",
  ignore: noFaultDisks,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"), { accessTokenTtl: 60 });
    const { provider } = machine.sandbox;
    const { token, content: signedInContent } = await signedIn(disk, machine);
    // Without the locks, so that creating them can fail too.
    const content = new Map([...signedInContent].filter(([path]) => !path.includes("lock")));
    disk.restore(content);
    provider.failNext("token", {
      kind: "rewrite",
      rewrite: (genuine) => (answer = JSON.stringify({ ...genuine, expires_in: 3600 }), genuine),
    });
    let answer = "";
    const start = () => machine.start("get-token", "--no-interactive");
    const steps = await stepsOf(disk, start);

    const outcomes = new Set<string>();
    const telling = [...steps.entries()].filter(([_, { kind }]) => kind !== "close");
    for (const [number, [step, { kind }]] of telling.entries()) {
      disk.restore(content);
      provider.failNext("token", {
        kind: "response",
        status: 200,
        headers: { "content-type": "application/json" },
        body: answer,
      });
      const asked = provider.requestsTo("token").length;
      const { errno, why } = TROUBLES[number % TROUBLES.length] ?? { errno: ERRNO.EIO, why: "" };
      let next = 0;
      disk.intercept = ({ kind }) =>
        kind !== "look" && next++ >= step && kind !== "close" ? errno : undefined;
      const result = await start().ended;
      disk.intercept = () => undefined;
      const isKept = String(tokensOn(disk)) === String(content.get("home/tokens.enc")?.data);
      const isAsked = provider.requestsTo("token").length > asked;
      const what = `${kind} at step ${step}: ${result.code} ${result.stderr}`;
      if (isAsked) {
        assertEquals([result.code, result.stdout.trim()], [0, JSON.parse(answer).access_token], what);
      } else {
        // The cached token is returned for as long as it lasts.
        if (result.code === 0) assertEquals(result.stdout, token, what);
        else assertStoreError(result, why);
        assertStringIncludes(result.stderr, why);
        await machine.output("get-token", "--no-interactive");
      }
      outcomes.add(`${isAsked ? "asked" : "not asked"}, ${isKept ? "old" : "new"}`);
      if (isAsked && isKept) assertTokenWithWarning(result, why);
      if (!isKept) assertEquals(await machine.output("get-token", "--no-interactive"), result.stdout, what);
    }
    assertEquals([...outcomes].sort(), ["asked, new", "asked, old", "not asked, old"]);
    assertEquals(disk.faults, []);
  },
});

Deno.test({
  name: "A file system without locks is a clear error, a cached token is returned, and a new one is printed",
  ignore: noFaultDisks,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { token, content } = await signedIn(disk, machine);
    await using lockless = await FaultDisk.mount({ hasLocks: false });
    lockless.restore(content);
    const env = { ENTRA_AUTH_CLI_HOME: join(lockless.path, "home") };
    const run = (...args: string[]) => machine.sandbox.run(args, { env });
    assertEquals((await run("get-token", "--no-interactive")).stdout, token);
    const why = "the file system does not support it";
    assertStoreError(await run("refresh"), why);
    assertStoreError(await run("clear-cache"), why);
    assertStoreError(await run("delete-profile", "--name", "default"), why);
    const program = machine.sandbox.start(["get-token", "--force"], { env });
    await machine.sandbox.userAgent.signIn(await machine.sandbox.browser.next(), ADA);
    assertTokenWithWarning(await program.ended, why);
    assertEquals(lockless.content().get("home/tokens.enc"), content.get("home/tokens.enc"));
  },
});

Deno.test({
  name: "With a low limit on open files the program exits with an error or a token, and loses nothing",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const token = (await sandbox.signIn(["get-token"])).stdout;
    const saved = await Deno.readFile(join(sandbox.home, "tokens.enc"));
    const codes = new Set<number>();
    for (const limit of [12, 16, 20, 24, 28, 64]) {
      const result = await runShell(
        sandbox,
        `ulimit -n ${limit}; exec entra-auth-cli get-token --no-interactive`,
      );
      codes.add(result.code);
      assertEquals(result.stdout, result.code === 0 ? token : "", `${limit}: ${result.stderr}`);
      assertEquals(await Deno.readFile(join(sandbox.home, "tokens.enc")), saved);
    }
    assert(codes.has(0) && codes.size > 1, [...codes].join());
    assertEquals(await sandbox.run(["get-token", "--no-interactive"]).then(({ stdout }) => stdout), token);
  },
});

Deno.test({
  name:
    "With a limit on the size of files nothing is refreshed, the cause is stated, and the sign-in remains",
  // From its source, Deno writes caches of its own, and ends.
  ignore: hasNoShell || !isExecutable,
  async fn() {
    await using sandbox = await openSandbox();
    assertEquals((await sandbox.signIn(["get-token"])).code, 0);
    const refreshes = sandbox.provider.requestsTo("token").length;
    const limited = await runShell(sandbox, "ulimit -f 0; exec entra-auth-cli refresh");
    assertStoreError(limited, "would exceed a size limit");
    assertEquals(sandbox.provider.requestsTo("token").length, refreshes);
    assertEquals((await sandbox.run(["refresh"])).code, 0);
  },
});

Deno.test({
  name: "Too many open files on the disk with the tokens is an error that states the cause",
  ignore: noFaultDisks,
  async fn() {
    await using disk = await FaultDisk.mount();
    await using machine = await openMachine(join(disk.path, "home"));
    const { content } = await signedIn(disk, machine);
    for (const errno of [ERRNO.EMFILE, ERRNO.ENFILE]) {
      disk.intercept = ({ kind, path }) => kind === "look" && path === "home/tokens.enc" ? errno : undefined;
      assertStoreError(await machine.run("get-token", "--no-interactive"), "too many open files");
      assertStoreError(await machine.run("clear-cache"), "too many open files");
    }
    disk.intercept = () => ERRNO.EACCES;
    assertStoreError(await machine.run("get-token", "--no-interactive"), "access denied");
    assertEquals(disk.content().get("home/tokens.enc"), content.get("home/tokens.enc"));
  },
});

Deno.test({
  name: "A token that cannot be written to stdout is kept in the store",
  ignore: hasNoShell,
  async fn() {
    await using sandbox = await openSandbox();
    const lost = await signInWithShell(sandbox, "exec entra-auth-cli get-token > /dev/full", ADA);
    assertEquals([lost.code, lost.stdout], [1, ""], lost.stderr);
    assertStringIncludes(lost.stderr, "Could not write to stdout");
    const token = await runShell(sandbox, "exec entra-auth-cli get-token --no-interactive");
    assertEquals(token.code, 0, token.stderr);
    // Deno replaces a closed stdout by /dev/null, which a program cannot distinguish from a requested one.
    for (const closed of [">&-", "2>&-", "<&-", "<&- >&- 2>&-"]) {
      const result = await runShell(sandbox, `exec entra-auth-cli get-token --no-interactive ${closed}`);
      assertEquals([closed, result.code, result.stdout], [
        closed,
        0,
        closed.includes(" >&-") || closed.startsWith(">") ? "" : token.stdout,
      ]);
    }
    assertEquals(sandbox.browser.count, 1);
  },
});
