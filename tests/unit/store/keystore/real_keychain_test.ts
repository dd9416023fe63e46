import { assertEquals, assertNotEquals } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { join } from "@std/path/join";
import { KEY_SERVICE } from "../../../../src/store/keystore/key_store.ts";
import { keychainKeyStore } from "../../../../src/store/keystore/keychain.ts";
import { systemProcesses } from "../../../../src/system/processes/processes.ts";

const PROGRAM = "/usr/bin/security";

async function security(...args: string[]): Promise<string> {
  const result = await systemProcesses.run(PROGRAM, args, { timeoutMs: 60_000 });
  if (result.kind === "ended" && result.code === 0) return result.stdout;
  throw new Error(`security ${args[0]} failed: ${Deno.inspect(result)}`);
}

/** Makes a keychain of the test's own the default one until the end of the block. */
async function openKeychain(): Promise<AsyncDisposable> {
  const before = (await security("default-keychain", "-d", "user")).trim().replaceAll('"', "");
  const folder = await Deno.makeTempDir({ prefix: "entra-auth-cli-test-" });
  const keychain = join(folder, "test.keychain-db");
  await security("create-keychain", "-p", "password", keychain);
  await security("default-keychain", "-d", "user", "-s", keychain);
  await security("unlock-keychain", "-p", "password", keychain);
  return {
    async [Symbol.asyncDispose]() {
      await security("default-keychain", "-d", "user", "-s", before);
      await security("delete-keychain", keychain);
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test({
  name: "keychainKeyStore() keeps and forgets keys in a real keychain of macOS",
  // It changes the user's default keychain for a moment, which only a machine for tests may have done to it.
  ignore: Deno.build.os !== "darwin" || !Deno.env.has("CI"),
  async fn() {
    await using _keychain = await openKeychain();
    const keyStore = keychainKeyStore(systemProcesses);
    const [first, second] = [await keyStore.obtain(".old"), await keyStore.obtain(".old")];
    assertNotEquals(encodeHex(await first.id()), encodeHex(await second.id()));
    assertEquals(await (await keyStore.load(await first.id()))?.id(), await first.id());
    assertEquals((await security("find-generic-password", "-s", KEY_SERVICE)).includes(KEY_SERVICE), true);
    await keyStore.forget(await first.id());
    await keyStore.forget(await first.id());
    assertEquals(await keyStore.load(await first.id()), null);
    assertEquals(await (await keyStore.load(await second.id()))?.id(), await second.id());
  },
});
