import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { CliError } from "../../../../src/errors.ts";
import { dpapiKeyStore } from "../../../../src/store/keystore/dpapi.ts";
import { type KeyStore, UnusableKeyError } from "../../../../src/store/keystore/key_store.ts";
import { type DataProtection, openDataProtection } from "../../../../src/system/windows/data_protection.ts";
import { makeStoreHome, type StoreHome } from "../../../support/fixtures/store_fixture.ts";

const ANY_ID = new Uint8Array(8);
const SEALED_KEY = "key.dpapi";

/** A user of a system without DPAPI: what one such user seals no other can open. */
function standInUser(): DataProtection {
  const key = randomBytes(32);
  return {
    protect(data, entropy) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(entropy);
      const sealed = [cipher.update(data), cipher.final()];
      return new Uint8Array(Buffer.concat([nonce, cipher.getAuthTag(), ...sealed]));
    },
    unprotect(sealed, entropy) {
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, 12));
      decipher.setAAD(entropy).setAuthTag(sealed.subarray(12, 28));
      try {
        return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]));
      } catch {
        return null;
      }
    },
  };
}

/** DPAPI itself where it is. */
function presentUser(): DataProtection {
  return Deno.build.os === "windows" ? openDataProtection() : standInUser();
}

function keyStoreOf(home: StoreHome, user: DataProtection): KeyStore {
  return dpapiKeyStore(home.folder(), () => Promise.resolve(user));
}

async function sealedKey(home: StoreHome): Promise<Uint8Array<ArrayBuffer>> {
  return decodeBase64((await Deno.readTextFile(home.file(SEALED_KEY))).trim());
}

Deno.test("dpapiKeyStore() gives the key that it has made to each later run, and seals it only once", async () => {
  await using home = await makeStoreHome();
  const user = presentUser();
  const made = await keyStoreOf(home, user).obtain(".old");
  const first = await sealedKey(home);
  assertEquals(await (await keyStoreOf(home, user).load(ANY_ID))?.id(), await made.id());
  assertEquals(await (await keyStoreOf(home, user).obtain(".old")).id(), await made.id());
  assertEquals([await home.names(), await sealedKey(home)], [[SEALED_KEY], first]);
});

Deno.test("dpapiKeyStore() has no key before it has made one, and none once that is forgotten", async () => {
  await using home = await makeStoreHome();
  const keyStore = keyStoreOf(home, presentUser());
  assertEquals(await keyStore.load(ANY_ID), null);
  await keyStore.forget(ANY_ID);
  const id = await (await keyStore.obtain(".old")).id();
  await keyStore.forget(id);
  assertEquals([await keyStore.load(id), await home.names()], [null, []]);
  assertNotEquals(await (await keyStore.obtain(".old")).id(), id);
});

Deno.test("dpapiKeyStore() writes no key that could be used without DPAPI", async () => {
  await using home = await makeStoreHome();
  const user = presentUser();
  await keyStoreOf(home, user).obtain(".old");
  const sealed = await sealedKey(home);
  const key = user.unprotect(sealed, new TextEncoder().encode("entra-auth-cli data key"));
  assertEquals(key?.length, 32);
  assertEquals(encodeHex(sealed).includes(encodeHex(key ?? "")), false);
  assertEquals(user.unprotect(sealed, new TextEncoder().encode("another purpose")), null);
});

Deno.test("dpapiKeyStore() does not load DPAPI for a key that isn't there", async () => {
  await using home = await makeStoreHome();
  const keyStore = dpapiKeyStore(home.folder(), () => Promise.reject(new Error("DPAPI was loaded")));
  assertEquals(await keyStore.load(ANY_ID), null);
});

/** Puts a key there that the present user can't open. */
async function putKeyOfAnotherUser(home: StoreHome): Promise<void> {
  await keyStoreOf(home, standInUser()).obtain(".old");
}

Deno.test("dpapiKeyStore() says for whom the key of another user opens, and keeps it", async () => {
  await using home = await makeStoreHome();
  await putKeyOfAnotherUser(home);
  const foreign = await sealedKey(home);
  const error = await assertRejects(() => keyStoreOf(home, presentUser()).load(ANY_ID), UnusableKeyError);
  assertEquals(error.code, "unreadable_store");
  assertEquals(error.message, `Windows does not open the key in ${home.file(SEALED_KEY)} for this user`);
  assertEquals(
    error.hint,
    "It opens only for the user and on the machine that made it, and no more once somebody else has reset that user's " +
      "password.\nIf that is you again, try again; otherwise start anew: `entra-auth-cli clear-cache`, then sign in again.",
  );
  assertEquals(await sealedKey(home), foreign);
});

Deno.test("dpapiKeyStore() moves the key of another user aside where a new one is wanted", async () => {
  await using home = await makeStoreHome();
  await putKeyOfAnotherUser(home);
  const foreign = await home.read(SEALED_KEY);
  const user = presentUser();
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
  Deno.test(`dpapiKeyStore() says that the key is damaged when the file ${what}`, async () => {
    await using home = await makeStoreHome();
    const keyStore = keyStoreOf(home, presentUser());
    await keyStore.obtain(".old");
    const text = damage(await sealedKey(home));
    await home.write(SEALED_KEY, text);
    const error = await assertRejects(() => keyStore.load(ANY_ID), UnusableKeyError);
    assertEquals(
      error.message,
      `The key in ${home.file(SEALED_KEY)} is damaged: it is no key that Windows DPAPI sealed`,
    );
    assertEquals(await Deno.readTextFile(home.file(SEALED_KEY)), text);
  });
}

Deno.test("dpapiKeyStore() says that the key is damaged when something else was sealed", async () => {
  await using home = await makeStoreHome();
  const user = presentUser();
  const sealed = user.protect(new Uint8Array(31), new TextEncoder().encode("entra-auth-cli data key"));
  await home.write(SEALED_KEY, encodeBase64(sealed));
  const error = await assertRejects(() => keyStoreOf(home, user).load(ANY_ID), UnusableKeyError);
  assertEquals(
    error.message,
    `The key in ${home.file(SEALED_KEY)} is damaged: it is no key that Windows DPAPI sealed`,
  );
});

Deno.test("dpapiKeyStore() gives no new key that it can't open again", async () => {
  await using home = await makeStoreHome();
  const user = presentUser();
  const forgetful: DataProtection = { protect: user.protect, unprotect: () => null };
  await assertRejects(() => keyStoreOf(home, forgetful).obtain(".old"), UnusableKeyError);
  await Deno.remove(home.file(SEALED_KEY));
  const confused: DataProtection = { protect: user.protect, unprotect: () => new Uint8Array(32) };
  await assertRejects(() => keyStoreOf(home, confused).obtain(".old"), UnusableKeyError);
});

Deno.test("dpapiKeyStore() moves only a key aside that is none, not what it may not read", async () => {
  await using home = await makeStoreHome();
  await Deno.mkdir(home.file(SEALED_KEY), { recursive: true, mode: 0o700 });
  const error = await assertRejects(() => keyStoreOf(home, presentUser()).obtain(".old"), CliError);
  assertEquals([error.code, await home.names()], ["store", [SEALED_KEY]]);
});
