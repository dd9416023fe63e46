import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../../src/errors.ts";
import { openTokenStore } from "../../../src/store/token_store.ts";
import { FileError } from "../../../src/system/files/file_error.ts";
import { systemFiles } from "../../../src/system/files/deno_files.ts";
import type { Files } from "../../../src/system/files/files.ts";
import { openPrivateFolder } from "../../../src/system/files/private_folder.ts";
import { FakeClock } from "../../support/machine/fake_clock.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const KEY = encodeBase64(new Uint8Array(32).fill(7));
const IN_ENVIRONMENT = { env: { ENTRA_AUTH_CLI_KEY: KEY } };

/** Windows cannot replace a file that a reader has open; `list()` reads it whole and closes it. */
const WAYS: readonly ("read" | "list")[] = Deno.build.os === "windows" ? ["list"] : ["read", "list"];

/** A file system in which `event` happens before every lstat of the file `name`. */
function before(home: StoreHome, name: string, event: (times: number) => Promise<unknown>): Files {
  let times = 0;
  return {
    ...systemFiles,
    async lstat(path) {
      if (path === home.file(name)) await event(++times);
      return await systemFiles.lstat(path);
    },
  };
}

/** A file system in which `event` happens before the first lstat of the file `name`. */
function beforeTheFirst(home: StoreHome, name: string, event: () => Promise<unknown>): Files {
  return before(home, name, async (times) => {
    if (times === 1) await event();
  });
}

Deno.test("A reader finds its tokens although the key moves between reading the file and the key", async () => {
  for (const way of WAYS) {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    const files = beforeTheFirst(home, "key", () => home.store(IN_ENVIRONMENT).read(keyOf("work")));
    const reader = home.store({ ...IN_ENVIRONMENT, files });
    const session = way === "read" ? await reader.read(keyOf("work")) : (await reader.list())[0];
    assertEquals(session?.tokens[0]?.accessToken.reveal(), "token-of-work", way);
    assertEquals(home.notices.length, 1);
  }
});

/** Moves the file aside, like another process that cannot read it. */
async function moveTokens(home: StoreHome): Promise<void> {
  await Deno.rename(home.file("tokens.enc"), home.file("tokens.enc.aside"));
}

Deno.test("A reader whose file is moved aside before it has the key finds nothing, without an error", async () => {
  for (const way of WAYS) {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    const files = beforeTheFirst(home, "key", async () => {
      await moveTokens(home);
      await Deno.remove(home.file("key"));
    });
    const reader = home.store({ files });
    if (way === "read") assertEquals(await reader.read(keyOf("work")), null);
    else assertEquals(await reader.list(), []);
  }
});

Deno.test("A reader whose file is replaced whenever the key is missing gives up, and reports the missing key", async () => {
  for (const way of WAYS) {
    await using home = await makeStoreHome();
    await home.store().save(sampleSession("work"));
    const versions = [await home.read("tokens.enc")];
    await home.store().save(sampleSession("work"));
    versions.push(await home.read("tokens.enc"));
    await Deno.remove(home.file("key"));
    let replaced = 0;
    const files = before(home, "key", async (times) => {
      assert(times < 100, "reading must end");
      await Deno.writeFile(home.file("tokens.enc"), versions[(times + 1) % 2] ?? new Uint8Array());
      replaced = times;
    });
    const reader = home.store({ files });
    const error = await assertRejects(
      () => way === "read" ? reader.read(keyOf("work")) : reader.list(),
      CliError,
      "The key of tokens.enc is missing",
    );
    assertEquals(error.code, "unreadable_store");
    assert(replaced > 1);
  }
});

Deno.test("list() with another forced key store moves the key there, like read()", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  assertEquals((await home.store(IN_ENVIRONMENT).list()).map(({ profile }) => profile), ["work"]);
  assertEquals((await home.store(IN_ENVIRONMENT).keyPlace()).keyStore, "environment");
  assert(!(await home.names()).includes("key"));
  assertEquals(home.notices.length, 1);
});

Deno.test("A reader that has to move the key writes nothing if another process has already moved it", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  let moved = new Uint8Array();
  const files = beforeTheFirst(home, "tokens.lock", async () => {
    await home.store(IN_ENVIRONMENT).read(keyOf("work"));
    moved = await home.read("tokens.enc");
  });
  const session = await home.store({ ...IN_ENVIRONMENT, files }).read(keyOf("work"));
  assertEquals(session?.profile, "work");
  assertEquals(await home.read("tokens.enc"), moved);
  assertEquals(home.notices.length, 1);
});

Deno.test("A reader that has to move the key creates no file if another process has moved the file aside", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const files = beforeTheFirst(home, "tokens.lock", () => moveTokens(home));
  await home.store({ ...IN_ENVIRONMENT, files }).read(keyOf("work"));
  const names = await home.names();
  assert(!names.includes("tokens.enc"), names.join());
  assert(names.includes("key"), "the file that was moved aside still needs it");
});

Deno.test("The key is kept if the file that no longer needs it cannot be written", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const names = await home.names();
  const full = new FileError("full", "replace tokens.enc", "tokens.enc");
  const files = { ...systemFiles, rename: () => Promise.reject(full) };
  for (const step of ["read", "save"] as const) {
    const store = home.store({ ...IN_ENVIRONMENT, files });
    await assertRejects(
      () => step === "read" ? store.read(keyOf("work")) : store.save(sampleSession("home")),
      FileError,
    );
    assertEquals([await home.names(), home.notices], [names, []]);
    assertEquals((await home.store().list()).map(({ profile }) => profile), ["work"]);
  }
});

Deno.test("Every wait for a lock of the store has a timeout by default", async () => {
  await using home = await makeStoreHome();
  const waits: (number | undefined)[] = [];
  const store = openTokenStore({
    folder: openPrivateFolder({
      path: home.path,
      files: systemFiles,
      locks: {
        acquire(_path, options) {
          waits.push(options?.timeoutMs);
          return Promise.resolve({ [Symbol.dispose]() {} });
        },
      },
      notice: () => {},
    }),
    env: { get: (name) => name === "ENTRA_AUTH_CLI_KEYRING" ? "file" : undefined },
    os: "linux",
    processes: { run: () => Promise.resolve({ kind: "not-found" }) },
    dataProtection: () => {
      throw new Error("there is none here");
    },
    notice: () => {},
    clock: new FakeClock(0),
  });
  await store.save(sampleSession("work"));
  await store.exclusively("work", new AbortController().signal, () => Promise.resolve());
  await store.forget("work");
  await store.moveAside();
  assertEquals(waits, [10_000, 90_000, 90_000, 10_000, 10_000]);
});
