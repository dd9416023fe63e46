import { assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import { FileError } from "../../../src/system/files/file_error.ts";
import type { PrivateFolder } from "../../../src/system/files/private_folder.ts";
import type { TokenStore } from "../../../src/store/token_store.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

Deno.test("read() of a new store returns null and creates nothing", async () => {
  await using home = await makeStoreHome();
  assertEquals(await home.store().read(keyOf("work")), null);
  assertEquals(await home.store().list(), []);
  assertEquals(await home.store().forget("work"), 0);
  assertEquals(await home.store().moveAside(), null);
  await assertRejects(() => Deno.lstat(home.path), Deno.errors.NotFound);
});

Deno.test("save() stores a session for the next run of the program", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work", "s3cret"));
  const session = await home.store().read(keyOf("work"));
  assertEquals(session?.tokens[0]?.accessToken.reveal(), "s3cret");
  assertEquals(JSON.stringify(session), JSON.stringify(sampleSession("work")));
  assertEquals(await home.store().read(keyOf("personal")), null);
});

Deno.test("read() finds a session only with its authority, tenant and client", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  for (
    const other of [{ authority: "https://login.microsoftonline.us" }, { tenant: "common" }, {
      clientId: "x",
    }]
  ) {
    assertEquals(await home.store().read({ ...keyOf("work"), ...other }), null);
  }
});

Deno.test("save() replaces the session with the same key and no other", async () => {
  await using home = await makeStoreHome();
  const store = home.store();
  await store.save(sampleSession("work", "old"));
  await store.save({ ...sampleSession("work", "other tenant"), tenant: "common" });
  await store.save(sampleSession("personal", "private"));
  await store.save(sampleSession("work", "new"));
  const tokens = (await store.list()).map(({ profile, tenant, tokens }) =>
    `${profile} ${tenant} ${tokens[0]?.accessToken.reveal()}`
  );
  assertEquals(tokens.sort(), [
    "personal contoso.onmicrosoft.com private",
    "work common other tenant",
    "work contoso.onmicrosoft.com new",
  ]);
});

Deno.test("save() with a reservation succeeds on a disk that has become full, and leaves nothing else behind", async () => {
  await using home = await makeStoreHome();
  let isFull = false;
  const create: typeof systemFiles.create = (path, data) =>
    isFull ? Promise.reject(new FileError("full", `write ${path}`, path)) : systemFiles.create(path, data);
  const store = home.store({ files: { ...systemFiles, create } });
  await store.save(sampleSession("work", "old"));
  {
    await using reservation = await store.reserveSave("work");
    // A write in between keeps the reserved space.
    await store.save(sampleSession("other"));
    isFull = true;
    await assertRejects(() => store.save(sampleSession("work", "lost")), FileError, "full");
    await store.save(sampleSession("work", "new"), reservation);
  }
  assertEquals((await home.store().read(keyOf("work")))?.tokens[0]?.accessToken.reveal(), "new");
  assertEquals((await home.names()).filter((name) => name.endsWith(".tmp")), []);
});

Deno.test("save() succeeds if another process has removed the reserved file, and an unused one is removed", async () => {
  await using home = await makeStoreHome();
  const store = home.store();
  {
    await using reservation = await store.reserveSave("work");
    await Deno.remove(reservation.path);
    await store.save(sampleSession("work"), reservation);
    await using _unused = await store.reserveSave("work");
  }
  assertEquals((await store.list()).length, 1);
  assertEquals((await home.names()).filter((name) => name.endsWith(".tmp")), []);
});

Deno.test("forget() deletes all sessions of a profile and returns their number", async () => {
  await using home = await makeStoreHome();
  const store = home.store();
  await store.save(sampleSession("work"));
  await store.save({ ...sampleSession("work"), tenant: "common" });
  await store.save(sampleSession("workshop"));
  assertEquals(await store.forget("work"), 2);
  assertEquals((await store.list()).map(({ profile }) => profile), ["workshop"]);
  const before = await home.read("tokens.enc");
  assertEquals(await store.forget("work"), 0);
  assertEquals(await home.read("tokens.enc"), before);
});

Deno.test("save() leaves only the expected files, readable by the user alone", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work", "s3cret"));
  await home.store().exclusively("work", new AbortController().signal, () => Promise.resolve());
  assertEquals(await home.names(), ["key", "locks", "tokens.enc", "tokens.lock"]);
  for (const name of ["tokens.enc", "key"]) {
    assertEquals(new TextDecoder("latin1").decode(await home.read(name)).includes("s3cret"), false);
  }
  if (Deno.build.os === "windows") return;
  assertEquals([await home.mode(), await home.mode("locks")], [0o700, 0o700]);
  for (const name of ["tokens.enc", "key", "tokens.lock"]) assertEquals(await home.mode(name), 0o600, name);
});

Deno.test("save() from many stores at once loses nothing and generates one key", async () => {
  await using home = await makeStoreHome();
  const profiles = Array.from({ length: 12 }, (_, number) => `profile ${number}`);
  await Promise.all(profiles.map((profile) => home.store().save(sampleSession(profile))));
  const kept = (await home.store().list()).map(({ profile }) => profile);
  assertEquals(kept.sort(), profiles.sort());
});

Deno.test("read() never sees a partial write of save()", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work", "0"));
  const writes = (async () => {
    for (let round = 1; round <= 25; round++) await home.store().save(sampleSession("work", String(round)));
  })();
  let last = 0;
  while (last < 25) {
    const session = await home.store().read(keyOf("work"));
    const seen = Number(session?.tokens[0]?.accessToken.reveal());
    assertEquals(seen >= last, true, `${seen} after ${last}`);
    last = seen;
  }
  await writes;
});

Deno.test("save() that fails keeps the old file and leaves no other file", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work", "old"));
  const names = await home.names();
  const full = new FileError("full", "write tokens.enc", "tokens.enc");
  const failures = [
    { ...systemFiles, create: () => Promise.reject(full) },
    { ...systemFiles, rename: () => Promise.reject(full) },
    {
      ...systemFiles,
      async create(path: string, data: Uint8Array) {
        await systemFiles.create(path, data.subarray(0, 10));
        throw full;
      },
    },
  ];
  for (const files of failures) {
    const error = await assertRejects(
      () => home.store({ files }).save(sampleSession("work", "new")),
      CliError,
    );
    assertEquals(error.code, "store");
    assertEquals((await home.store().read(keyOf("work")))?.tokens[0]?.accessToken.reveal(), "old");
    assertEquals(await home.names(), names);
  }
});

Deno.test("save() removes the leftovers of a crash, and nothing else", async () => {
  await using home = await makeStoreHome();
  await home.write(".tokens.enc.0123456789abcdef.tmp", "half");
  await home.write(".tokens.enc.swp", "an editor's");
  await home.store().save(sampleSession("work"));
  assertEquals(await home.names(), [".tokens.enc.swp", "key", "tokens.enc", "tokens.lock"]);
});

/** Before Deno had `tryLock`, an abandoned wait continues in a thread until the lock is free. */
const sanitize = "tryLock" in Deno.FsFile.prototype;

Deno.test({
  name: "save() times out waiting for the lock, and names its holder",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  using _lock = await home.folder().lock("tokens.lock", {});
  const error = await assertRejects(
    // The lock is not released before this has failed.
    () => home.store({ lockTimeoutMs: 1 }).save(sampleSession("work")),
    CliError,
    "tokens.lock is locked by another process",
  );
  assertEquals(error.code, "store");
  if (Deno.build.os !== "windows") assertEquals(error.message.includes(`(pid ${Deno.pid})`), true);
  assertEquals(await home.names(), ["tokens.lock"]);
});

Deno.test("exclusively() runs one task per profile at a time, and those of other profiles in parallel", async () => {
  await using home = await makeStoreHome();
  const { signal } = new AbortController();
  const events: string[] = [];
  const entered = Promise.withResolvers<void>();
  const leave = Promise.withResolvers<void>();
  const first = home.store().exclusively("work", signal, async () => {
    entered.resolve();
    await leave.promise;
    events.push("first");
  });
  await entered.promise;
  const second = home.store().exclusively("work", signal, () => Promise.resolve(events.push("second")));
  await home.store().exclusively("../work", signal, () => Promise.resolve(events.push("other profile")));
  leave.resolve();
  await Promise.all([first, second]);
  assertEquals(events, ["other profile", "first", "second"]);
});

Deno.test("exclusively() releases the lock if the task fails", async () => {
  await using home = await makeStoreHome();
  const { signal } = new AbortController();
  const work = () => Promise.reject(new Error("no"));
  await assertRejects(() => home.store().exclusively("work", signal, work), Error, "no");
  assertEquals(await home.store().exclusively("work", signal, () => Promise.resolve("yes")), "yes");
});

Deno.test({
  name: "exclusively() stops waiting with the reason of its signal",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  const controller = new AbortController();
  const reason = new CliError("interrupted", "Interrupted");
  const error = await home.store().exclusively("work", new AbortController().signal, async () => {
    const waiting = home.store().exclusively("work", controller.signal, () => Promise.resolve());
    controller.abort(reason);
    return await assertRejects(() => waiting);
  });
  assertEquals(error, reason);
});

Deno.test("exclusively() passes no profile name to the file system", async () => {
  await using home = await makeStoreHome();
  for (const profile of ["../../escape", "CON", "a\0b", "😀", "x".repeat(1000)]) {
    await home.store().exclusively(profile, new AbortController().signal, () => Promise.resolve());
  }
  assertEquals(await home.names(), ["locks"]);
  for await (const { name } of Deno.readDir(home.file("locks"))) {
    assertEquals(/^[0-9a-f]{32}\.lock$/.test(name), true);
  }
});

/** Holds the lock `name` of a folder while `work` is expected to time out. */
async function givesUpWhile(
  home: StoreHome,
  folder: PrivateFolder,
  name: string,
  work: (store: TokenStore) => Promise<unknown>,
): Promise<void> {
  using _lock = await folder.lock(name, {});
  const before = await home.read("tokens.enc");
  const store = home.store({ lockTimeoutMs: 1, profileLockTimeoutMs: 1 });
  const error = await assertRejects(() => work(store), CliError, `${name} is locked by another process`);
  assertEquals(error.code, "store");
  assertEquals(await home.read("tokens.enc"), before);
}

Deno.test({
  name: "forget() and moveAside() change nothing while another process holds the lock of the store",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await givesUpWhile(home, home.folder(), "tokens.lock", (store) => store.forget("work"));
  await givesUpWhile(home, home.folder(), "tokens.lock", (store) => store.moveAside());
});

Deno.test({
  name: "forget() and exclusively() time out, and name the holder of the profile's lock",
  sanitizeOps: sanitize,
  sanitizeResources: sanitize,
}, async () => {
  await using home = await makeStoreHome();
  const { signal } = new AbortController();
  await home.store().save(sampleSession("work"));
  await home.store().exclusively("work", signal, () => Promise.resolve());
  const [name = ""] = await Array.fromAsync(Deno.readDir(home.file("locks")), (entry) => entry.name);
  const locks = home.folder().subfolder("locks");
  await givesUpWhile(home, locks, name, (store) => store.forget("work"));
  await givesUpWhile(
    home,
    locks,
    name,
    (store) => store.exclusively("work", signal, () => Promise.resolve()),
  );
  assertEquals(await home.store().forget("other", { signal }), 0);
});
