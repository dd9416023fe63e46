import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import { keyFileGuardian } from "../../../../src/store/guardian/key_file.ts";
import { UnusableKeyError } from "../../../../src/store/guardian/key_guardian.ts";
import { systemFiles } from "../../../../src/system/files.ts";
import { makeStoreHome } from "../store_fixture.ts";

const ANY_ID = new Uint8Array(8);

Deno.test("keyFileGuardian() gives the key that is there to each later run, and makes no other in its place", async () => {
  await using home = await makeStoreHome();
  const id = await (await keyFileGuardian(home.folder()).obtain(".old")).id();
  const text = await home.read("key");
  assertEquals(await (await keyFileGuardian(home.folder()).obtain(".old")).id(), id);
  assertEquals(await (await keyFileGuardian(home.folder()).load(ANY_ID))?.id(), id);
  assertEquals([await home.names(), await home.read("key")], [["key"], text]);
});

Deno.test("keyFileGuardian() has no key before it has made one, and none once that is forgotten", async () => {
  await using home = await makeStoreHome();
  const guardian = keyFileGuardian(home.folder());
  assertEquals(await guardian.load(ANY_ID), null);
  await guardian.forget(ANY_ID);
  const id = await (await guardian.obtain(".old")).id();
  await guardian.forget(id);
  assertEquals([await guardian.load(id), await home.names()], [null, []]);
  assertNotEquals(await (await guardian.obtain(".old")).id(), id);
});

Deno.test("keyFileGuardian() gives no new key that the disk doesn't have afterwards", async () => {
  await using home = await makeStoreHome();
  const files = { ...systemFiles, rename: (from: string) => systemFiles.remove(from) };
  await assertRejects(() => keyFileGuardian(home.folder(files)).obtain(".old"), UnusableKeyError);
});

Deno.test("keyFileGuardian() moves only a key aside that is none, not what it may not read", async () => {
  await using home = await makeStoreHome();
  await Deno.mkdir(home.file("key"), { recursive: true, mode: 0o700 });
  const error = await assertRejects(() => keyFileGuardian(home.folder()).obtain(".old"), CliError);
  assertEquals([error.code, await home.names()], ["store", ["key"]]);
});
