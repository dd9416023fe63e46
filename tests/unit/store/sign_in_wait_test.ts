import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { acquireSignInLock, type SignInLock } from "../../../src/store/sign_in_lock.ts";
import { type Clock, systemClock } from "../../../src/system/clock.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import type { Files } from "../../../src/system/files/files.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";
import { keyOf, makeStoreHome, type StoreHome } from "../../support/fixtures/store_fixture.ts";

interface Waiter {
  readonly pid: number;
  readonly profile?: string;
  readonly files?: Files;
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
  readonly onWait?: (pid: number | null) => void;
}

function take(home: StoreHome, waiter: Waiter): Promise<SignInLock> {
  const { pid, profile = "work", files, clock = new FakeClock(0), onWait = () => {} } = waiter;
  const { signal = new AbortController().signal } = waiter;
  return acquireSignInLock(
    keyOf(profile),
    { folder: home.folder(files), clock, pid, timeoutMs: 1000, onWait },
    signal,
  );
}

/** A file system that calls `event` with the number of each read of a file. */
function atReads(event: (read: number) => void): Files {
  let reads = 0;
  return {
    ...systemFiles,
    async open(path) {
      const file = await systemFiles.open(path);
      event(++reads);
      return file;
    },
  };
}

/**
 * Before Deno had `tryLock`, an abandoned wait continues in a thread until the lock is free: it cannot be awaited, and
 * ends with the process.
 */
const sanitize = "tryLock" in Deno.FsFile.prototype;

Deno.test("acquireSignInLock() returns the outcome of a sign-in that began while it waited, not of an earlier one", async () => {
  await using home = await makeStoreHome();
  const earlier = await take(home, { pid: 1001 });
  await earlier.begin();
  await earlier.publishOutcome({ kind: "signed-in" });
  earlier[Symbol.dispose]();

  const holder = await take(home, { pid: 1002 });
  const said = Promise.withResolvers<number | null>();
  const waiting = take(home, { pid: 1003, onWait: said.resolve });
  assertEquals(await said.promise, null, "the holder of the lock has published nothing yet");
  await holder.begin();
  await holder.publishOutcome({ kind: "refused", error: new CliError("access_denied", "no"), scopes: [] });
  holder[Symbol.dispose]();
  using lock = await waiting;
  assertEquals(lock.lastOutcome?.kind, "refused");
});

Deno.test("acquireSignInLock() returns the outcome of the first sign-in, which began while it waited", async () => {
  await using home = await makeStoreHome();
  const holder = await take(home, { pid: 1001 });
  const said = Promise.withResolvers<number | null>();
  const waiting = take(home, { pid: 1002, onWait: said.resolve });
  await said.promise;
  await holder.begin();
  await holder.publishOutcome({ kind: "signed-in" });
  holder[Symbol.dispose]();
  using lock = await waiting;
  assertEquals(lock.lastOutcome, { kind: "signed-in" });
});

Deno.test("acquireSignInLock() reports the process that it waits for once, however long it waits", async () => {
  await using home = await makeStoreHome();
  const holder = await take(home, { pid: 1001 });
  await holder.begin();
  const said: (number | null)[] = [];
  const looked = Promise.withResolvers<void>();
  // One read before the wait, then one per poll.
  const files = atReads((read) => read === 7 && looked.resolve());
  const waiting = take(home, { pid: 1002, files, onWait: (pid) => said.push(pid) });
  await looked.promise;
  holder[Symbol.dispose]();
  (await waiting)[Symbol.dispose]();
  assertEquals(said, [1001]);
});

Deno.test({
  name: "acquireSignInLock() reports nothing after it was interrupted",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  using holder = await take(home, { pid: 1001 });
  await holder.begin();
  const interrupt = new AbortController();
  const said: (number | null)[] = [];
  const files = atReads((read) => read === 2 && interrupt.abort(new CliError("interrupted", "Interrupted")));
  const waiter = {
    pid: 1002,
    files,
    signal: interrupt.signal,
    onWait: (pid: number | null) => said.push(pid),
  };
  await assertRejects(() => take(home, waiter), CliError, "Interrupted");
  assertEquals(said, []);
});

Deno.test("acquireSignInLock() leaves no timer behind once it has the lock", async () => {
  await using home = await makeStoreHome();
  const deadlines: string[] = [];
  const clock: Clock = {
    ...systemClock,
    now: () => 0,
    deadline(ms) {
      deadlines.push(`${ms} ms`);
      return {
        signal: new AbortController().signal,
        [Symbol.dispose]: () => void deadlines.push("disposed"),
      };
    },
  };
  using _lock = await take(home, { pid: 1001, clock });
  assertEquals(deadlines, ["1000 ms", "disposed"]);
});

Deno.test({
  name: "acquireSignInLock() prints a command that a shell accepts for every profile name",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  const profile = "my work; $(id)";
  using _holder = await take(home, { pid: 1001, profile });
  const clock: Clock = {
    ...systemClock,
    now: () => 0,
    deadline: () => ({ signal: AbortSignal.abort(), [Symbol.dispose]() {} }),
  };
  const error = await assertRejects(() => take(home, { pid: 1002, profile, clock }), CliError);
  assertEquals(error.code, "timeout");
  assertStringIncludes(error.hint ?? "", "get-token --profile 'my work; $(id)'");
});
