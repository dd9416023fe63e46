/** The contract of `KeyStore`, which every implementation satisfies. */
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../../../src/errors.ts";
import { dpapiKeyStore } from "../../../../src/store/keystore/dpapi.ts";
import { keyFileStore } from "../../../../src/store/keystore/key_file.ts";
import {
  type DataKey,
  KEY_SERVICE,
  type KeyStore,
  type KeyStoreName,
  UnusableKeyError,
} from "../../../../src/store/keystore/key_store.ts";
import { keychainKeyStore } from "../../../../src/store/keystore/keychain.ts";
import { environmentKeyStore } from "../../../../src/store/keystore/open_key_store.ts";
import { secretServiceKeyStore } from "../../../../src/store/keystore/secret_service.ts";
import type { PrivateFolder } from "../../../../src/system/files/private_folder.ts";
import { type Processes, systemProcesses } from "../../../../src/system/processes/processes.ts";
import { dataProtectionHere } from "../../../support/fixtures/stand_in_data_protection.ts";
import { MemorySecretTool } from "../../../support/fixtures/memory_secret_tool.ts";
import { makeStoreHome, type StoreHome } from "../../../support/fixtures/store_fixture.ts";
import { hasNoRealKeychain, openRealKeychain } from "../../../support/secrets/real_keychain.ts";
import { hasNoSecretService, openSecretService } from "../../../support/secrets/secret_service.ts";
import { hasNoStandInKeychain, openStandInKeychain } from "../../../support/secrets/security_stand_in.ts";

/** One key store of a test. */
interface Subject extends AsyncDisposable {
  /** Opens the key store like a start of the program. */
  open(): KeyStore;
  /** Replaces the stored key with this id by a text. */
  replaceStored?(id: string, text: string): Promise<void>;
  /** Returns the stored text of the key with this id. */
  stored?(id: string): Promise<string | undefined>;
  /** Returns the names of all files. */
  names?(): Promise<string[]>;
  /** Opens the key store so that it accepts keys without storing them. */
  openForgetful?(): Promise<KeyStore>;
  /** Opens the key store so that it cannot be used. */
  openUnusable?(): Promise<KeyStore>;
}

interface Implementation {
  readonly label: string;
  readonly name: KeyStoreName;
  readonly ignore?: boolean;
  /** "user": the user supplies the key, and the program neither generates nor deletes one. */
  readonly room: "one key" | "many keys" | "user";
  /** The optional operations of the subject. */
  readonly has: readonly (keyof Subject)[];
  subject(): Promise<Subject>;
}

const EVERYTHING = ["replaceStored", "openForgetful", "openUnusable"] as const;
const NO_DISPLAY = { get: () => undefined };
const ANY_ID = new Uint8Array(8);
const SUFFIX = ".old";
const UNUSABLE_TEXTS = ["not a key at all", "", "c2hvcnQ="];

const IMPLEMENTATIONS: readonly Implementation[] = [
  {
    label: "environment",
    name: "environment",
    room: "user",
    has: ["replaceStored"],
    subject() {
      let text: string | undefined = encodeBase64(crypto.getRandomValues(new Uint8Array(32)));
      return Promise.resolve({
        open: () => environmentKeyStore(text),
        stored: () => Promise.resolve(text),
        replaceStored(_id, other) {
          text = other;
          return Promise.resolve();
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  },
  {
    label: "key file",
    name: "key-file",
    room: "one key",
    has: EVERYTHING,
    subject: async () => fileSubject(await makeStoreHome(), "key", (folder) => keyFileStore(folder)),
  },
  {
    label: "DPAPI",
    name: "dpapi",
    room: "one key",
    has: EVERYTHING,
    async subject() {
      const user = dataProtectionHere();
      return fileSubject(
        await makeStoreHome(),
        "key.dpapi",
        (folder) => dpapiKeyStore(folder, () => Promise.resolve(user)),
      );
    },
  },
  {
    label: "Keychain",
    name: "keychain",
    ignore: hasNoStandInKeychain,
    room: "many keys",
    has: EVERYTHING,
    async subject() {
      const keychain = await openStandInKeychain();
      const { program } = keychain;
      return {
        open: () => keychainKeyStore(systemProcesses, { program }),
        stored: async (id) => (await keychain.items()).find(({ account }) => account === id)?.password,
        replaceStored: (id, text) => keychain.tamper(id, text),
        async openForgetful() {
          await keychain.setMode("loses keys");
          return keychainKeyStore(systemProcesses, { program });
        },
        openUnusable: () =>
          Promise.resolve(keychainKeyStore(systemProcesses, { program: `${program}-missing` })),
        [Symbol.asyncDispose]: () => keychain[Symbol.asyncDispose](),
      };
    },
  },
  {
    label: "Keychain of macOS",
    name: "keychain",
    ignore: hasNoRealKeychain,
    room: "many keys",
    has: [],
    async subject() {
      const keychain = await openRealKeychain();
      return {
        open: () => keychainKeyStore(systemProcesses),
        [Symbol.asyncDispose]: () => keychain[Symbol.asyncDispose](),
      };
    },
  },
  {
    label: "Secret Service in memory",
    name: "secret-service",
    room: "many keys",
    has: EVERYTHING,
    subject() {
      const tool = new MemorySecretTool();
      const attributes = (id: string) => `service ${KEY_SERVICE} key ${id}`;
      return Promise.resolve({
        open: () => secretServiceKeyStore(tool, NO_DISPLAY),
        stored: (id) => Promise.resolve(tool.items.get(attributes(id))),
        replaceStored(id, text) {
          tool.items.set(attributes(id), text);
          return Promise.resolve();
        },
        openForgetful: () => Promise.resolve(secretServiceKeyStore(succeeding(), NO_DISPLAY)),
        openUnusable: () =>
          Promise.resolve(
            secretServiceKeyStore({ run: () => Promise.resolve({ kind: "not-found" }) }, NO_DISPLAY),
          ),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  },
  {
    label: "Secret Service of GNOME",
    name: "secret-service",
    ignore: hasNoSecretService,
    room: "many keys",
    has: ["replaceStored"],
    async subject() {
      const service = await openSecretService();
      const attributes = (id: string) => ["service", KEY_SERVICE, "key", id];
      const run = (args: readonly string[], input?: string) =>
        service.processes.run("secret-tool", args, { input, timeoutMs: 10_000 });
      return {
        open: () => secretServiceKeyStore(service.processes, NO_DISPLAY),
        async stored(id) {
          const found = await run(["lookup", ...attributes(id)]);
          return found.kind === "ended" && found.code === 0 ? found.stdout : undefined;
        },
        replaceStored: async (id, text) => void await run(["store", "--label=x", ...attributes(id)], text),
        [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
      };
    },
  },
];

/** A file with one key. */
function fileSubject(home: StoreHome, file: string, open: (folder: PrivateFolder) => KeyStore): Subject {
  return {
    open: () => open(home.folder()),
    async stored() {
      try {
        return new TextDecoder().decode(await home.read(file));
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    replaceStored: (_id, text) => home.write(file, text),
    names: () => home.names(),
    openForgetful() {
      const folder = home.folder();
      return Promise.resolve(open({ ...folder, replace: () => Promise.resolve() }));
    },
    async openUnusable() {
      await Deno.mkdir(home.file(file), { recursive: true, mode: 0o700 });
      return open(home.folder());
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}

/** A program that always succeeds without output. */
function succeeding(): Pick<Processes, "run"> {
  return { run: () => Promise.resolve({ kind: "ended", code: 0, stdout: "", stderr: "" }) };
}

async function isSameKey(a: DataKey, b: DataKey | null): Promise<boolean> {
  if (b === null) return false;
  const iv = new Uint8Array(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, a.key, new Uint8Array(3));
  const opened = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, b.key, sealed);
  return opened.byteLength === 3 && encodeHex(await a.id()) === encodeHex(await b.id());
}

for (const implementation of IMPLEMENTATIONS) {
  const { label, ignore = false, room, has } = implementation;

  /** Registers a test of this implementation, if it has what the test needs. */
  const test = (name: string, fn: (subject: Subject) => Promise<void>, applies = true) => {
    if (!applies) return;
    Deno.test({
      name,
      ignore,
      async fn() {
        await using subject = await implementation.subject();
        await fn(subject);
      },
    });
  };

  test(`${label}: the key store states its name and the location of the key`, (subject) => {
    const keyStore = subject.open();
    assertEquals(keyStore.name, implementation.name);
    assertNotEquals(keyStore.place, "");
    return Promise.resolve();
  });

  test(`${label}: load() returns null before a key is stored, and forget() does nothing`, async (subject) => {
    const keyStore = subject.open();
    assertEquals(await keyStore.load(ANY_ID), null);
    await keyStore.forget(ANY_ID);
    assertEquals(await subject.stored?.(encodeHex(ANY_ID)), undefined);
  }, room !== "user");

  test(`${label}: load() returns the key that obtain() returned in an earlier run`, async (subject) => {
    const key = await subject.open().obtain(SUFFIX);
    assert(await isSameKey(key, await subject.open().load(await key.id())));
    assertEquals([key.key.extractable, key.key.algorithm], [false, { name: "AES-GCM", length: 256 }]);
    await assertRejects(() => crypto.subtle.exportKey("raw", key.key), DOMException);
  });

  test(`${label}: obtain() returns the stored key again and leaves it unchanged`, async (subject) => {
    const first = await subject.open().obtain(SUFFIX);
    const text = await subject.stored?.(encodeHex(await first.id()));
    assert(await isSameKey(first, await subject.open().obtain(SUFFIX)));
    assert(await isSameKey(first, await subject.open().load(ANY_ID)), "whatever the id");
    assertEquals(await subject.stored?.(encodeHex(await first.id())), text);
  }, room !== "many keys");

  test(
    `${label}: obtain() generates a key of its own each time, and forget() deletes one`,
    async (subject) => {
      const keyStore = subject.open();
      const [first, second] = [await keyStore.obtain(SUFFIX), await keyStore.obtain(SUFFIX)];
      assertNotEquals(await first.id(), await second.id());
      assertEquals(await keyStore.load(ANY_ID), null);
      await keyStore.forget(await first.id());
      assertEquals(await keyStore.load(await first.id()), null);
      assert(await isSameKey(second, await keyStore.load(await second.id())));
      await keyStore.forget(await first.id());
    },
    room === "many keys",
  );

  test(`${label}: obtain() generates another key after forget()`, async (subject) => {
    const keyStore = subject.open();
    const id = await (await keyStore.obtain(SUFFIX)).id();
    await keyStore.forget(id);
    assertEquals(await keyStore.load(id), null);
    assertNotEquals(await (await keyStore.obtain(SUFFIX)).id(), id);
  }, room !== "user");

  test(`${label}: forget() leaves the key to the user`, async (subject) => {
    const key = await subject.open().obtain(SUFFIX);
    await subject.open().forget(await key.id());
    assert(await isSameKey(key, await subject.open().load(await key.id())));
  }, room === "user");

  test(
    `${label}: load() rejects a value that is not a key, keeps it and does not quote it`,
    async (subject) => {
      assert(subject.replaceStored !== undefined);
      const keyStore = subject.open();
      const id = await (await keyStore.obtain(SUFFIX)).id();
      for (const text of UNUSABLE_TEXTS) {
        await subject.replaceStored(encodeHex(id), text);
        const error = await assertRejects(() => subject.open().load(id), CliError);
        if (room === "user") assertEquals(error.code, "store");
        else assert(error instanceof UnusableKeyError && error.code === "unreadable_store", error.message);
        assert(text === "" || !`${error.message}${error.hint}`.includes(text), error.message);
        assertEquals(await subject.stored?.(encodeHex(id)), text);
      }
    },
    has.includes("replaceStored"),
  );

  test(`${label}: obtain() rejects if the key store does not store the new key`, async (subject) => {
    const keyStore = await subject.openForgetful?.();
    assert(keyStore !== undefined);
    await assertRejects(() => keyStore.obtain(SUFFIX), CliError);
  }, has.includes("openForgetful"));

  test(
    `${label}: load() and obtain() reject with a store error if the key store cannot be used`,
    async (subject) => {
      const keyStore = await subject.openUnusable?.();
      assert(keyStore !== undefined);
      const names = await subject.names?.();
      for (const use of [() => keyStore.load(ANY_ID), () => keyStore.obtain(SUFFIX)]) {
        const error = await assertRejects<CliError>(use, CliError);
        assertEquals([error.code, error instanceof UnusableKeyError], ["store", false]);
      }
      assertEquals(await subject.names?.(), names);
    },
    has.includes("openUnusable"),
  );
}
