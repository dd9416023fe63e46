import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/join";
import { CliError } from "../../../src/errors.ts";
import type { SessionKey } from "../../../src/store/session.ts";
import {
  acquireSignInLock,
  formatSignInRecord,
  parseSignInRecord,
  type SignInLock,
} from "../../../src/store/sign_in_lock.ts";
import { type Clock, systemClock } from "../../../src/system/clock.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const DENIED = new CliError("access_denied", "Consent was declined", {
  hint: "Ask.\nAgain.",
  aadsts: "AADSTS65004",
  correlationId: "c-1",
});

/**
 * Before Deno had `tryLock`, an abandoned wait continues in a thread until the lock is free: it cannot be awaited, and
 * ends with the process.
 */
const sanitize = "tryLock" in Deno.FsFile.prototype;

/** One of the processes that need a sign-in. */
class Process {
  /** The processes that it reported to wait for. */
  readonly waitedFor: (number | null)[] = [];
  #said = Promise.withResolvers<void>();

  constructor(private readonly home: StoreHome, readonly pid: number) {}

  /** Waits for this number of reports. */
  async says(times = 1): Promise<void> {
    while (this.waitedFor.length < times) await this.#said.promise;
  }

  take(
    key: SessionKey = keyOf("work"),
    { signal = new AbortController().signal, clock = new FakeClock(0) }: {
      signal?: AbortSignal;
      clock?: Clock;
    } = {},
  ): Promise<SignInLock> {
    const onWait = (pid: number | null) => {
      this.waitedFor.push(pid);
      this.#said.resolve();
      this.#said = Promise.withResolvers();
    };
    const { pid } = this;
    return acquireSignInLock(
      key,
      { folder: this.home.folder(), clock, pid, timeoutMs: 1000, onWait },
      signal,
    );
  }
}

/** A clock whose deadlines the test controls. */
function clockOf(deadline: AbortController): Clock {
  return {
    ...systemClock,
    now: () => 0,
    deadline: () => ({ signal: deadline.signal, [Symbol.dispose]() {} }),
  };
}

Deno.test("acquireSignInLock() acquires a free lock at once", async () => {
  await using home = await makeStoreHome();
  const first = new Process(home, 1);
  using lock = await first.take();
  assertEquals([lock.lastOutcome, first.waitedFor], [null, []]);
});

Deno.test("acquireSignInLock() waits, reports for which process, and returns its outcome", async () => {
  for (const outcome of [{ kind: "signed-in" } as const, null]) {
    await using home = await makeStoreHome();
    const holder = await new Process(home, 1001).take();
    await holder.begin();
    const waiter = new Process(home, 1002);
    const waiting = waiter.take();
    await waiter.says();
    if (outcome !== null) await holder.publishOutcome(outcome);
    holder[Symbol.dispose]();
    using lock = await waiting;
    assertEquals([lock.lastOutcome, waiter.waitedFor], [outcome, [1001]]);
  }
});

Deno.test("acquireSignInLock() returns a refusal to every process that waited, and to none that comes later", async () => {
  await using home = await makeStoreHome();
  const holder = await new Process(home, 1001).take();
  await holder.begin();
  const waiters = [1002, 1003, 1004].map((pid) => new Process(home, pid));
  const outcomes = waiters.map(async (waiter) => {
    using lock = await waiter.take();
    return lock.lastOutcome;
  });
  await Promise.all(waiters.map((waiter) => waiter.says()));
  await holder.publishOutcome({ kind: "refused", error: DENIED, scopes: ["User.Read"] });
  holder[Symbol.dispose]();
  for (const outcome of await Promise.all(outcomes)) {
    assert(outcome?.kind === "refused");
    assertEquals({ ...outcome.error, message: outcome.error.message }, {
      ...DENIED,
      message: DENIED.message,
    });
    assertEquals(outcome.scopes, ["User.Read"]);
  }
  using later = await new Process(home, 1005).take();
  assertEquals(later.lastOutcome, null);
});

Deno.test("acquireSignInLock() reports each process that it waits for, one after the other", async () => {
  await using home = await makeStoreHome();
  const first = await new Process(home, 1001).take();
  await first.begin();
  const waiter = new Process(home, 1002);
  const waiting = waiter.take();
  await waiter.says();
  // The next process begins, as if it had acquired the lock before the waiting one.
  const folder = home.folder().subfolder("locks");
  const name = await recordName(home);
  await folder.replace(name, formatSignInRecord({ pid: 1003, attempt: "next", outcome: null }));
  await waiter.says(2);
  await folder.replace(
    name,
    formatSignInRecord({ pid: 1003, attempt: "next", outcome: { kind: "signed-in" } }),
  );
  first[Symbol.dispose]();
  using lock = await waiting;
  assertEquals([waiter.waitedFor, lock.lastOutcome], [[1001, 1003], { kind: "signed-in" }]);
});

Deno.test("acquireSignInLock() also reports that it waits for a process without a record", async () => {
  await using home = await makeStoreHome();
  const holder = await new Process(home, 1001).take();
  const waiter = new Process(home, 1002);
  const waiting = waiter.take();
  await waiter.says();
  holder[Symbol.dispose]();
  using lock = await waiting;
  assertEquals([waiter.waitedFor, lock.lastOutcome], [[null], null]);
});

Deno.test("acquireSignInLock() does not block sign-ins to other sessions", async () => {
  await using home = await makeStoreHome();
  const work = keyOf("work");
  const keys = [
    work,
    keyOf("other"),
    { ...work, tenant: "other" },
    { ...work, clientId: "other" },
    { ...work, authority: "https://login.example" },
  ];
  using locks = new DisposableStack();
  for (const key of keys) locks.use(await new Process(home, 1).take(key));
});

Deno.test({
  name: "acquireSignInLock() times out with an error that names the process",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  using holder = await new Process(home, 1001).take();
  await holder.begin();
  const waiter = new Process(home, 1002);
  const deadline = new AbortController();
  const waiting = waiter.take(keyOf("work"), { clock: clockOf(deadline) });
  await waiter.says();
  deadline.abort();
  const error = await assertRejects(() => waiting, CliError);
  assertEquals(error.code, "timeout");
  assertEquals(
    error.message,
    "Timeout waiting for process 1001, which is signing in to profile 'work'",
  );
  assertEquals(
    error.hint,
    "Finish that sign-in in the browser, or end it (kill 1001).\n" +
      "Then try again: entra-auth-cli get-token --profile work",
  );
});

Deno.test({
  name: "acquireSignInLock() waits for its timeout and no longer",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  using _holder = await new Process(home, 1001).take();
  const options = {
    folder: home.folder(),
    clock: systemClock,
    pid: 1002,
    timeoutMs: 1,
    onWait: () => {},
  };
  const error = await assertRejects(
    () => acquireSignInLock(keyOf("work"), options, new AbortController().signal),
    CliError,
  );
  assertEquals(error.message, "Timeout waiting for another process, which is signing in to profile 'work'");
});

Deno.test({
  name: "acquireSignInLock() rejects with the reason of its signal, and leaves the lock to others",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  const holder = await new Process(home, 1001).take();
  await holder.begin();
  const waiter = new Process(home, 1002);
  const interrupt = new AbortController();
  const reason = new CliError("interrupted", "Interrupted");
  const waiting = waiter.take(keyOf("work"), { signal: interrupt.signal });
  await waiter.says();
  interrupt.abort(reason);
  assertStrictEquals(await assertRejects(() => waiting), reason);
  holder[Symbol.dispose]();
  using _next = await new Process(home, 1003).take();
});

Deno.test("acquireSignInLock() holds none of the store's locks", async () => {
  await using home = await makeStoreHome();
  using lock = await new Process(home, 1).take(sampleSession("work"));
  await lock.begin();
  // Not shorter: a program that another test starts right now may inherit a lock until it runs.
  const store = home.store({ lockTimeoutMs: 5_000, profileLockTimeoutMs: 5_000 });
  await store.exclusively("work", new AbortController().signal, () => store.save(sampleSession("work")));
  assertEquals(await store.forget("work"), 1);
});

Deno.test("acquireSignInLock() throws the error of a folder without locks, and creates nothing", async () => {
  await using home = await makeStoreHome();
  await Deno.writeTextFile(home.path, "no folder");
  const error = await assertRejects(() => new Process(home, 1).take(), CliError);
  assertEquals(error.code, "store");
});

Deno.test("acquireSignInLock() works without a record that cannot be read or written", async () => {
  await using home = await makeStoreHome();
  (await new Process(home, 1).take())[Symbol.dispose]();
  const name = await recordName(home);
  await Deno.mkdir(join(home.path, "locks", name));
  using lock = await new Process(home, 2).take();
  await lock.begin();
  await lock.publishOutcome({ kind: "signed-in" });
  assertEquals(lock.lastOutcome, null);
});

Deno.test("parseSignInRecord() parses what formatSignInRecord() returns, and nothing else", () => {
  const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const running = { pid: 1, attempt: "a", outcome: null };
  assertEquals(parseSignInRecord(formatSignInRecord(running)), running);
  const done = { ...running, outcome: { kind: "signed-in" } as const };
  assertEquals(parseSignInRecord(formatSignInRecord(done)), done);
  const refusal = { kind: "refused", code: "timeout", message: "m", scopes: [] };
  assertEquals(parseSignInRecord(text({ ...running, outcome: refusal }))?.outcome?.kind, "refused");

  const nothing = [null, [], "x", {}, { attempt: "a" }, { pid: "1", attempt: "a" }, {
    pid: 1.5,
    attempt: "a",
  }];
  for (const value of nothing) assertEquals(parseSignInRecord(text(value)), null, JSON.stringify(value));
  assertEquals(parseSignInRecord(new TextEncoder().encode('{"pid":1,"att')), null);
  assertEquals(parseSignInRecord(new Uint8Array([0xff, 0x00])), null);
  const noOutcome = [
    "signed-in",
    { kind: "other" },
    { ...refusal, code: "no such code" },
    { ...refusal, code: "toString" },
    { ...refusal, message: 1 },
    { ...refusal, scopes: "User.Read" },
    { ...refusal, scopes: [1] },
  ];
  for (const outcome of noOutcome) {
    assertEquals(parseSignInRecord(text({ ...running, outcome })), running, JSON.stringify(outcome));
  }
});

/** Returns the name of the record next to the lock of the session `work`. */
async function recordName(home: StoreHome): Promise<string> {
  const names = await Array.fromAsync(Deno.readDir(join(home.path, "locks")), ({ name }) => name);
  return names.find((name) => name.endsWith(".lock"))?.replace(/lock$/, "json") ?? "";
}
