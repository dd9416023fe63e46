import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../../../src/errors.ts";
import type { DataKey, KeyId, KeyStore } from "../../../../src/store/keystore/key_store.ts";
import { keychainKeyStore } from "../../../../src/store/keystore/keychain.ts";
import { type Processes, systemProcesses } from "../../../../src/system/processes/processes.ts";
import {
  hasNoStandInKeychain,
  type KeychainMode,
  openStandInKeychain,
  type StandInKeychain,
} from "../../../support/secrets/security_stand_in.ts";

const OTHER_ID = new Uint8Array(8);

function test(name: string, fn: (keychain: StandInKeychain, keyStore: KeyStore) => Promise<void>) {
  Deno.test({
    name,
    ignore: hasNoStandInKeychain,
    async fn() {
      await using keychain = await openStandInKeychain();
      await fn(keychain, keychainKeyStore(systemProcesses, { program: keychain.program }));
    },
  });
}

async function errorOf(promise: Promise<unknown>): Promise<CliError> {
  return await assertRejects(() => promise, CliError);
}

function usesOf(keyStore: KeyStore, id: KeyId): (() => Promise<unknown>)[] {
  return [() => keyStore.load(id), () => keyStore.obtain(".old"), () => keyStore.forget(id)];
}

async function isSameKey(a: DataKey, b: DataKey | null): Promise<boolean> {
  assert(b !== null);
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, a.key, new Uint8Array(3));
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, b.key, sealed);
  return opened.byteLength === 3 && encodeHex(await a.id()) === encodeHex(await b.id());
}

test("keychainKeyStore() keeps each key until it is to be forgotten", async (_keychain, keyStore) => {
  const [first, second] = [await keyStore.obtain(".old"), await keyStore.obtain(".old")];
  assert(await isSameKey(first, await keyStore.load(await first.id())));
  await keyStore.forget(await first.id());
  assertEquals(await keyStore.load(await first.id()), null);
  assert(await isSameKey(second, await keyStore.load(await second.id())));
  await keyStore.forget(OTHER_ID);
});

test("keychainKeyStore() keeps a key under the names that people look for", async (keychain, keyStore) => {
  const key = await keyStore.obtain(".old");
  const items = await keychain.items();
  assertEquals(items.map(({ password: _password, ...names }) => names), [{
    service: "entra-auth-cli-cli",
    account: encodeHex(await key.id()),
    label: "entra-auth-cli token key",
  }]);
  assertMatch(items[0]?.password ?? "", /^[\w+/]{43}=$/);
});

test("keychainKeyStore() shows the key to nobody in a command line", async (keychain, keyStore) => {
  const key = await keyStore.obtain(".old");
  const [{ password } = { password: "" }] = await keychain.items();
  await keyStore.load(await key.id());
  await keyStore.forget(await key.id());
  const lines = await keychain.commandLines();
  assertEquals(lines.map(([command]) => command), [
    "-i",
    "find-generic-password",
    "find-generic-password",
    "delete-generic-password",
  ]);
  assertEquals(password.length, 44);
  assert(!JSON.stringify(lines).includes(password.slice(0, 12)));
});

const REFUSALS: readonly [KeychainMode, message: RegExp, hint: RegExp][] = [
  ["locked", /is locked, and can't ask for its password here/, /security unlock-keychain/],
  ["denied", /was denied/, /allow `security`/],
  ["wrong password", /the password was wrong/, /unlock/],
  ["missing", /no default keychain/, /Keychain Access/],
];

for (const [mode, expected, way] of REFUSALS) {
  test(`keychainKeyStore() says what to do about a keychain that is ${mode}`, async (keychain, keyStore) => {
    const key = await keyStore.obtain(".old");
    await keychain.setMode(mode);
    for (const use of usesOf(keyStore, await key.id())) {
      const { code, message, hint } = await errorOf(use());
      assertEquals(code, "store");
      assertMatch(message, expected);
      assertMatch(hint ?? "", way);
    }
    await keychain.setMode("open");
    assert(await isSameKey(key, await keyStore.load(await key.id())), "what could not be read is kept");
  });
}

test(
  "keychainKeyStore() notices a `security` that ends well and stores nothing",
  async (keychain, keyStore) => {
    await keychain.setMode("loses keys");
    const { code, message } = await errorOf(keyStore.obtain(".old"));
    assertEquals([code, message], ["store", "The macOS Keychain took the key, but does not have it"]);
  },
);

test(
  "keychainKeyStore() notices a command that fails while `security -i` ends well",
  async (keychain, keyStore) => {
    await keychain.setMode("locked, but ends well");
    const { code, message } = await errorOf(keyStore.obtain(".old"));
    assertEquals(code, "store");
    assertMatch(message, /is locked/);
  },
);

test(
  "keychainKeyStore() calls an item that holds no key unusable, and leaves it there",
  async (keychain, keyStore) => {
    const key = await keyStore.obtain(".old");
    for (const content of ["no key at all", "", "c2hvcnQ="]) {
      await keychain.tamper(encodeHex(await key.id()), content);
      const { code, message, hint } = await errorOf(keyStore.load(await key.id()));
      assertEquals(code, "unreadable_store");
      assertMatch(hint ?? "", /clear-cache/);
      assert(content === "" || !message.includes(content));
      assertEquals((await keychain.items())[0]?.password, content);
    }
  },
);

test("keychainKeyStore() waits a minute for an answer to the keychain's question, and no longer", async (keychain) => {
  await keychain.setMode("hangs");
  const waits: number[] = [];
  const processes: Pick<Processes, "run"> = {
    run(command, args, options) {
      waits.push(options.timeoutMs);
      return systemProcesses.run(command, args, { ...options, timeoutMs: 100 });
    },
  };
  for (const use of usesOf(keychainKeyStore(processes, { program: keychain.program }), OTHER_ID)) {
    const { code, message } = await errorOf(use());
    assertEquals([code, message], ["store", "The macOS Keychain was not unlocked within 60 seconds"]);
  }
  assertEquals(waits, [60_000, 60_000, 60_000]);
});

test("keychainKeyStore() says that there is no `security`", async (keychain) => {
  const program = `${keychain.program}-that-is-not-there`;
  for (const use of usesOf(keychainKeyStore(systemProcesses, { program }), OTHER_ID)) {
    const { code, message } = await errorOf(use());
    assertEquals([code, message], [
      "store",
      `${program}, which speaks with the macOS Keychain, can't be started`,
    ]);
  }
});

Deno.test("keychainKeyStore() names the flag that permits `security`", async () => {
  const processes: Pick<Processes, "run"> = {
    run: (command) => Promise.resolve({ kind: "not-permitted", flag: `--allow-run=${command}` }),
  };
  for (const use of usesOf(keychainKeyStore(processes), OTHER_ID)) {
    const { code, hint } = await errorOf(use());
    assertEquals([code, hint], ["permission", "Add the Deno flag --allow-run=/usr/bin/security"]);
  }
});
