import { assertEquals, assertRejects } from "@std/assert";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { dpapiKeyStore } from "../../../../src/store/keystore/dpapi.ts";
import { type KeyStore, UnusableKeyError } from "../../../../src/store/keystore/key_store.ts";
import type { DataProtection } from "../../../../src/system/windows/data_protection.ts";
import {
  dataProtectionHere,
  standInDataProtection,
} from "../../../support/fixtures/stand_in_data_protection.ts";
import { makeStoreHome, type StoreHome } from "../../../support/fixtures/store_fixture.ts";

const ANY_ID = new Uint8Array(8);
const SEALED_KEY = "key.dpapi";

function keyStoreOf(home: StoreHome, user: DataProtection): KeyStore {
  return dpapiKeyStore(home.folder(), () => Promise.resolve(user));
}

async function sealedKey(home: StoreHome): Promise<Uint8Array<ArrayBuffer>> {
  return decodeBase64((await Deno.readTextFile(home.file(SEALED_KEY))).trim());
}

Deno.test("dpapiKeyStore() writes no key that could be used without DPAPI", async () => {
  await using home = await makeStoreHome();
  const user = dataProtectionHere();
  await keyStoreOf(home, user).obtain(".old");
  const sealed = await sealedKey(home);
  const key = user.unprotect(sealed, new TextEncoder().encode("entra-auth-cli data key"));
  assertEquals(key?.length, 32);
  assertEquals(encodeHex(sealed).includes(encodeHex(key ?? "")), false);
  assertEquals(user.unprotect(sealed, new TextEncoder().encode("another purpose")), null);
});

Deno.test("dpapiKeyStore() does not load DPAPI if there is no key", async () => {
  await using home = await makeStoreHome();
  const keyStore = dpapiKeyStore(home.folder(), () => {
    throw new Error("DPAPI was loaded");
  });
  assertEquals(await keyStore.load(ANY_ID), null);
});

/** Writes a key that the current user cannot open. */
async function putKeyOfAnotherUser(home: StoreHome): Promise<void> {
  await keyStoreOf(home, standInDataProtection()).obtain(".old");
}

Deno.test("dpapiKeyStore() explains why it cannot open the key of another user, and keeps it", async () => {
  await using home = await makeStoreHome();
  await putKeyOfAnotherUser(home);
  const foreign = await sealedKey(home);
  const error = await assertRejects(
    () => keyStoreOf(home, dataProtectionHere()).load(ANY_ID),
    UnusableKeyError,
  );
  assertEquals(error.code, "unreadable_store");
  assertEquals(error.message, `Windows DPAPI cannot open the key in ${home.file(SEALED_KEY)} for this user`);
  assertEquals(
    error.hint,
    "entra-auth-cli clear-cache\nThen sign in again.\nOnly the user and the machine that created the key can open " +
      "it, and not after another user has reset the user's password.",
  );
  assertEquals(await sealedKey(home), foreign);
});

Deno.test("dpapiKeyStore() reports the first of two keys that it cannot use", async () => {
  await using home = await makeStoreHome();
  await putKeyOfAnotherUser(home);
  await home.write(SEALED_KEY, `${new TextDecoder().decode(await home.read(SEALED_KEY))}\ndamaged\n`);
  await assertRejects(
    () => keyStoreOf(home, dataProtectionHere()).load(ANY_ID),
    UnusableKeyError,
    "Windows DPAPI cannot open the key",
  );
});

Deno.test("dpapiKeyStore() moves the key of another user aside to generate a new one", async () => {
  await using home = await makeStoreHome();
  await putKeyOfAnotherUser(home);
  const foreign = await home.read(SEALED_KEY);
  const user = dataProtectionHere();
  const id = await (await keyStoreOf(home, user).obtain(".unreadable")).id();
  assertEquals(await (await keyStoreOf(home, user).load(ANY_ID))?.id(), id);
  assertEquals(await home.names(), [SEALED_KEY, `${SEALED_KEY}.unreadable`]);
  assertEquals(await home.read(`${SEALED_KEY}.unreadable`), foreign);
});

const DAMAGED: Readonly<Record<string, (sealed: Uint8Array) => string>> = {
  "is empty": () => "",
  "is no base64": (sealed) => `?${encodeBase64(sealed)}`,
  "is too short for a key": (sealed) => encodeBase64(sealed.subarray(0, 32)),
};

for (const [what, damage] of Object.entries(DAMAGED)) {
  Deno.test(`dpapiKeyStore() reports a damaged key if the file ${what}`, async () => {
    await using home = await makeStoreHome();
    const keyStore = keyStoreOf(home, dataProtectionHere());
    await keyStore.obtain(".old");
    const text = damage(await sealedKey(home));
    await home.write(SEALED_KEY, text);
    const error = await assertRejects(() => keyStore.load(ANY_ID), UnusableKeyError);
    assertEquals(
      error.message,
      `Invalid key in ${home.file(SEALED_KEY)}: expected a key sealed by Windows DPAPI`,
    );
    assertEquals(await Deno.readTextFile(home.file(SEALED_KEY)), text);
  });
}

Deno.test("dpapiKeyStore() reports a damaged key if other data was sealed", async () => {
  await using home = await makeStoreHome();
  const user = dataProtectionHere();
  const sealed = user.protect(new Uint8Array(31), new TextEncoder().encode("entra-auth-cli data key"));
  await home.write(SEALED_KEY, encodeBase64(sealed));
  const error = await assertRejects(() => keyStoreOf(home, user).load(ANY_ID), UnusableKeyError);
  assertEquals(
    error.message,
    `Invalid key in ${home.file(SEALED_KEY)}: expected a key sealed by Windows DPAPI`,
  );
});

Deno.test("dpapiKeyStore() returns no new key that it cannot open again", async () => {
  await using home = await makeStoreHome();
  const user = dataProtectionHere();
  const forgetful: DataProtection = { protect: user.protect, unprotect: () => null };
  await assertRejects(() => keyStoreOf(home, forgetful).obtain(".old"), UnusableKeyError);
  await Deno.remove(home.file(SEALED_KEY));
  const confused: DataProtection = { protect: user.protect, unprotect: () => new Uint8Array(32) };
  await assertRejects(() => keyStoreOf(home, confused).obtain(".old"), UnusableKeyError);
});
