import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../../src/errors.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

/**
 * Asserts that every method that needs the file fails with the same error, and keeps the file.
 *
 * @param isReadable Whether the damage is where reading one session does not look.
 */
async function assertRefused(
  home: StoreHome,
  message: string,
  { isReadable = false, ...options }: { key?: string; isReadable?: boolean } = {},
): Promise<CliError> {
  const before = await home.read("tokens.enc");
  const read = () => home.store(options).read(keyOf("work"));
  if (isReadable) await read();
  const attempts = [
    ...(isReadable ? [] : [read]),
    () => home.store(options).list(),
    () => home.store(options).reserveSave("work"),
    () => home.store(options).save(sampleSession("work")),
    () => home.store(options).forget("work"),
  ];
  const errors: CliError[] = [];
  for (const attempt of attempts) errors.push(await assertRejects(attempt, CliError, message));
  for (const { code, hint } of errors) {
    assertEquals(code, "unreadable_store");
    assertStringIncludes(hint ?? "", "entra-auth-cli clear-cache");
  }
  assertEquals(await home.read("tokens.enc"), before);
  const [first] = errors;
  if (first === undefined) throw new Error("nothing was tried");
  return first;
}

Deno.test("A tokens.enc without any of its parts is rejected and kept", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const whole = await home.read("tokens.enc");
  for (const length of [0, 1, 3, 4, 5, 6, 13, 14, 33, 34, 35, 61, 62, 100, whole.length - 1]) {
    await home.write("tokens.enc", whole.slice(0, length));
    await assertRefused(home, "tokens.enc");
  }
  await home.write("tokens.enc", whole);
  assertEquals((await home.store().list()).length, 1);
});

Deno.test("A tokens.enc with any byte changed is rejected and kept", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const whole = await home.read("tokens.enc");
  for (let place = 0; place < whole.length; place += place < 64 ? 1 : 37) {
    const damaged = whole.slice();
    damaged[place] = (whole[place] ?? 0) ^ 0x40;
    await home.write("tokens.enc", damaged);
    await assertRefused(home, "tokens.enc");
  }
});

Deno.test("Damage in another part of the directory is reported before a refresh, and does not concern a read", async () => {
  await using home = await makeStoreHome();
  const profiles = Array.from({ length: 300 }, (_, number) => `profile-${number}`);
  const { directory } = await home.fill(["work", ...profiles]);
  const [own = 0] = [...directory.keys()].filter((shard) => directory[shard]?.names.includes("work"));
  assertEquals(directory.length, 3);
  const whole = await home.read("tokens.enc");
  for (const [shard, { at, length }] of directory.entries()) {
    for (const place of [at, at + 12, at + length - 1]) {
      const damaged = whole.slice();
      damaged[place] = (whole[place] ?? 0) ^ 0x40;
      await home.write("tokens.enc", damaged);
      await assertRefused(home, "Cannot decrypt tokens.enc", { isReadable: shard !== own });
    }
  }
});

Deno.test("An empty tokens.enc is damaged, not a store without tokens", async () => {
  await using home = await makeStoreHome();
  await home.write("tokens.enc", "");
  await assertRefused(home, "the file is empty");
});

Deno.test("A tokens.enc without its key is distinguished from a damaged one", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await Deno.remove(home.file("key"));
  const error = await assertRefused(home, "The key of tokens.enc is missing");
  assertStringIncludes(error.message, home.file("key"));
  assertEquals((await home.names()).includes("key"), false);
});

Deno.test("A tokens.enc with another key is distinguished from a damaged one", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await home.write("key", encodeBase64(new Uint8Array(32)));
  const error = await assertRefused(home, "was encrypted with a different key than the one in the file");
  assertStringIncludes(error.hint ?? "", "Restore the key from a backup");
  await assertRefused(home, "was encrypted with a different key than the one in the file", {
    key: encodeBase64(new Uint8Array(32)),
  });
});

Deno.test("A damaged key is distinguished from a damaged tokens.enc", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  for (
    const text of ["", "not base64!", encodeBase64(new Uint8Array(31)), encodeBase64(new Uint8Array(33))]
  ) {
    await home.write("key", text);
    await assertRefused(home, ": expected 32 bytes in base64");
  }
});

Deno.test("moveAside() renames the damaged file and makes room for a new one", async () => {
  await using home = await makeStoreHome();
  await home.write("tokens.enc", "damaged");
  const moved = await home.store().moveAside();
  assertEquals(moved, home.file("tokens.enc.unreadable-20261122T093000Z"));
  await home.store().save(sampleSession("work"));
  await home.write("tokens.enc", "damaged again");
  const movedToo = await home.store().moveAside();
  assertEquals(movedToo, home.file("tokens.enc.unreadable-20261122T093000Z-2"));
  assertEquals(
    new TextDecoder().decode(await home.read("tokens.enc.unreadable-20261122T093000Z")),
    "damaged",
  );
  await home.store().save(sampleSession("work"));
  assertEquals((await home.store().list()).length, 1);
});

Deno.test("moveAside() of a file whose key is damaged too makes room for a new file with a new key", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await home.write("key", "damaged");
  await home.store().moveAside();
  await home.store().save(sampleSession("work"));
  assertEquals(await home.names(), [
    "key",
    "key.unreadable-20261122T093000Z-2",
    "tokens.enc",
    "tokens.enc.unreadable-20261122T093000Z",
    "tokens.lock",
  ]);
  assertEquals((await home.store().list()).length, 1);
});

Deno.test("save() replaces a damaged key if there is no file that it could decrypt", async () => {
  await using home = await makeStoreHome();
  await home.write("key", "cut o");
  await home.store().save(sampleSession("work"));
  assertEquals((await home.store().list()).length, 1);
  assertEquals(new TextDecoder().decode(await home.read("key.unreadable-20261122T093000Z")), "cut o");
});
