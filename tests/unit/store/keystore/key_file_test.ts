import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { keyFileStore } from "../../../../src/store/keystore/key_file.ts";
import { UnusableKeyError } from "../../../../src/store/keystore/key_store.ts";
import { systemFiles } from "../../../../src/system/files/deno_files.ts";
import { makeStoreHome } from "../../../support/fixtures/store_fixture.ts";

const ANY_ID = new Uint8Array(8);

Deno.test("keyFileStore() gives the key that is there to each later run, and makes no other in its place", async () => {
  await using home = await makeStoreHome();
  const id = await (await keyFileStore(home.folder()).obtain(".old")).id();
  const text = await home.read("key");
  assertEquals(await (await keyFileStore(home.folder()).obtain(".old")).id(), id);
  assertEquals(await (await keyFileStore(home.folder()).load(ANY_ID))?.id(), id);
  assertEquals([await home.names(), await home.read("key")], [["key"], text]);
});

Deno.test("keyFileStore() has no key before it has made one, and none once that is forgotten", async () => {
  await using home = await makeStoreHome();
  const keyStore = keyFileStore(home.folder());
  assertEquals(await keyStore.load(ANY_ID), null);
  await keyStore.forget(ANY_ID);
  const id = await (await keyStore.obtain(".old")).id();
  await keyStore.forget(id);
  assertEquals([await keyStore.load(id), await home.names()], [null, []]);
  assertNotEquals(await (await keyStore.obtain(".old")).id(), id);
});

Deno.test("keyFileStore() gives no new key that the disk doesn't have afterwards", async () => {
  await using home = await makeStoreHome();
  const files = { ...systemFiles, rename: (from: string) => systemFiles.remove(from) };
  await assertRejects(() => keyFileStore(home.folder(files)).obtain(".old"), UnusableKeyError);
});

Deno.test("keyFileStore() moves only a key aside that is none, not what it may not read", async () => {
  await using home = await makeStoreHome();
  await Deno.mkdir(home.file("key"), { recursive: true, mode: 0o700 });
  const error = await assertRejects(() => keyFileStore(home.folder()).obtain(".old"), CliError);
  assertEquals([error.code, await home.names()], ["store", ["key"]]);
});
