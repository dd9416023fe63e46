import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CliError } from "../../../../src/errors.ts";
import {
  detectKeyStore,
  forcedKeyStore,
  type KeyStoreContext,
} from "../../../../src/store/keystore/open_key_store.ts";
import { KEY_STORE_NUMBERS, keyStoreWithNumber } from "../../../../src/store/keystore/key_store.ts";
import type { Processes } from "../../../../src/system/processes/processes.ts";
import { MemorySecretTool } from "../../../support/fixtures/memory_secret_tool.ts";
import { makeStoreHome, type StoreHome } from "../../../support/fixtures/store_fixture.ts";

function envOf(variables: Readonly<Record<string, string>>) {
  return { get: (name: string): string | undefined => variables[name] };
}

function contextOf(
  home: StoreHome,
  os: KeyStoreContext["os"],
  processes: Pick<Processes, "run"> = new MemorySecretTool(),
): KeyStoreContext {
  return {
    env: envOf({}),
    os,
    folder: home.folder(),
    processes,
    dataProtection: () => {
      throw new Error("it is not needed yet");
    },
  };
}

Deno.test("KEY_STORE_NUMBERS are those in the header of every existing tokens.enc", () => {
  assertEquals(KEY_STORE_NUMBERS, {
    "key-file": 1,
    "environment": 2,
    "dpapi": 3,
    "keychain": 4,
    "secret-service": 5,
  });
  assertEquals([0, 1, 2, 3, 4, 5, 6].map(keyStoreWithNumber), [
    undefined,
    "key-file",
    "environment",
    "dpapi",
    "keychain",
    "secret-service",
    undefined,
  ]);
});

Deno.test("forcedKeyStore() prefers a key in the environment, even an empty one", () => {
  const keyring = { ENTRA_AUTH_CLI_KEYRING: "file" };
  assertEquals(forcedKeyStore(envOf({})), null);
  assertEquals(forcedKeyStore(envOf(keyring)), "key-file");
  for (const key of ["a key", ""]) {
    assertEquals(forcedKeyStore(envOf({ ENTRA_AUTH_CLI_KEY: key })), "environment", JSON.stringify(key));
    assertEquals(forcedKeyStore(envOf({ ...keyring, ENTRA_AUTH_CLI_KEY: key })), "environment");
  }
});

Deno.test("forcedKeyStore() knows a name for each key store and auto, and rejects any other", () => {
  const names = ["secret-service", "keychain", "dpapi", "file", "auto"];
  assertEquals(names.map((name) => forcedKeyStore(envOf({ ENTRA_AUTH_CLI_KEYRING: name }))), [
    "secret-service",
    "keychain",
    "dpapi",
    "key-file",
    null,
  ]);
  for (const value of ["", "File", "key-file", "environment", "toString", "__proto__"]) {
    const env = envOf({ ENTRA_AUTH_CLI_KEYRING: value });
    const error = assertThrows(() => forcedKeyStore(env), CliError);
    assertEquals(error.code, "usage", value);
  }
});

Deno.test("detectKeyStore() returns the key store of the system, without a reason", async () => {
  await using home = await makeStoreHome();
  const found = await Promise.all(
    (["windows", "darwin", "linux"] as const).map((os) => detectKeyStore(contextOf(home, os))),
  );
  assertEquals(found.map(({ keyStore, reason }) => [keyStore.name, reason]), [
    ["dpapi", null],
    ["keychain", null],
    ["secret-service", null],
  ]);
});

Deno.test("detectKeyStore() returns the key file with a reason if there is no key store, but not if one is broken", async () => {
  await using home = await makeStoreHome();
  const none = { run: () => Promise.resolve({ kind: "not-found" } as const) };
  const { keyStore, reason } = await detectKeyStore(contextOf(home, "linux", none));
  assertEquals([keyStore.name, reason], ["key-file", "secret-tool is not installed"]);
  const stuck = { run: () => Promise.resolve({ kind: "timed-out" } as const) };
  const error = await assertRejects(() => detectKeyStore(contextOf(home, "linux", stuck)), CliError);
  assertStringIncludes(error.message, "did not respond");
});
