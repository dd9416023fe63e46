import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
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

test("keychainKeyStore() stores a key under its documented names", async (keychain, keyStore) => {
  const key = await keyStore.obtain(".old");
  const items = await keychain.items();
  assertEquals(items.map(({ password: _password, ...names }) => names), [{
    service: "entra-auth-cli-cli",
    account: encodeHex(await key.id()),
    label: "entra-auth-cli token key",
  }]);
  assertMatch(items[0]?.password ?? "", /^[\w+/]{43}=$/);
});

test("keychainKeyStore() never passes the key on a command line", async (keychain, keyStore) => {
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
  ["locked", /is locked and cannot prompt for its password/, /security unlock-keychain/],
  ["denied", /was denied/, /allow `security`/],
  ["wrong password", /wrong password$/, /unlock/],
  ["missing", /no default keychain/, /Keychain Access/],
];

for (const [mode, expected, way] of REFUSALS) {
  test(
    `keychainKeyStore() explains what to do about a keychain that is ${mode}`,
    async (keychain, keyStore) => {
      const key = await keyStore.obtain(".old");
      await keychain.setMode(mode);
      for (const use of usesOf(keyStore, await key.id())) {
        const { code, message, hint } = await errorOf(use());
        assertEquals(code, "store");
        assertMatch(message, expected);
        assertMatch(hint ?? "", way);
      }
      await keychain.setMode("open");
      assert(
        await isSameKey(key, await keyStore.load(await key.id())),
        "a key that could not be read is kept",
      );
    },
  );
}

test(
  "keychainKeyStore() detects a `security` that succeeds and stores nothing",
  async (keychain, keyStore) => {
    await keychain.setMode("loses keys");
    const { code, message } = await errorOf(keyStore.obtain(".old"));
    assertEquals([code, message], ["store", "The macOS Keychain accepted the key but did not store it"]);
  },
);

test(
  "keychainKeyStore() detects a command that fails while `security -i` succeeds",
  async (keychain, keyStore) => {
    await keychain.setMode("locked, but ends well");
    const { code, message } = await errorOf(keyStore.obtain(".old"));
    assertEquals(code, "store");
    assertMatch(message, /is locked/);
  },
);

test("keychainKeyStore() waits a minute for the prompt of the keychain, and no longer", async (keychain) => {
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

test("keychainKeyStore() reports a missing `security`", async (keychain) => {
  const program = `${keychain.program}-that-is-not-there`;
  for (const use of usesOf(keychainKeyStore(systemProcesses, { program }), OTHER_ID)) {
    const { code, message } = await errorOf(use());
    assertEquals([code, message], [
      "store",
      `Cannot start ${program}, which accesses the macOS Keychain`,
    ]);
  }
});

Deno.test("keychainKeyStore() names the flag that permits `security`", async () => {
  const processes: Pick<Processes, "run"> = {
    run: (command) =>
      Promise.resolve({ kind: "not-permitted", hint: `Add the Deno flag --allow-run=${command}` }),
  };
  for (const use of usesOf(keychainKeyStore(processes), OTHER_ID)) {
    const { code, hint } = await errorOf(use());
    assertEquals([code, hint], ["permission", "Add the Deno flag --allow-run=/usr/bin/security"]);
  }
});

/** A `security` that exits with this code and error for every action, and records the actions. */
function answering(code: number, stderr: string): Pick<Processes, "run"> & { readonly actions: string[] } {
  const actions: string[] = [];
  return {
    actions,
    run(_command, [action = ""]) {
      actions.push(action);
      return Promise.resolve({ kind: "ended", code, stdout: "", stderr });
    },
  };
}

Deno.test("keychainKeyStore() reports an existing item for the new key, and does not read it", async () => {
  const processes = answering(45, "security: SecKeychainItemCreateFromContent: already exists\n");
  const error = await assertRejects(() => keychainKeyStore(processes).obtain(".old"), CliError);
  assertEquals([error.code, error.message], ["store", "The macOS Keychain already has a key with this id"]);
  assertStringIncludes(error.hint ?? "", "Try again");
  assertEquals(processes.actions, ["-i"]);
});

Deno.test("keychainKeyStore() quotes the first line of an unknown error, truncated", async () => {
  const said = {
    "security: so it is\nand so": "so it is",
    "": "exit code 99",
    ["x".repeat(999)]: "x".repeat(200),
  };
  for (const [stderr, complaint] of Object.entries(said)) {
    const keyStore = keychainKeyStore(answering(99, stderr));
    const id = new Uint8Array(8);
    for (const use of [() => keyStore.load(id), () => keyStore.obtain(".old"), () => keyStore.forget(id)]) {
      const error = await assertRejects<CliError>(use, CliError);
      assertEquals([error.code, error.message], ["store", `Cannot use the macOS Keychain: ${complaint}`]);
    }
  }
});
