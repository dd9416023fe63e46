import { assert, assertEquals, assertRejects } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../../src/errors.ts";
import { MemorySecretTool } from "../../support/fixtures/memory_secret_tool.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const IN_ENVIRONMENT = { ENTRA_AUTH_CLI_KEY: encodeBase64(new Uint8Array(32)) };
const IN_FILE = { ENTRA_AUTH_CLI_KEYRING: "file" };
const IN_SERVICE = { ENTRA_AUTH_CLI_KEYRING: "secret-service" };

/** Returns the number of the key store in the header. */
async function keyStoreFor(home: StoreHome): Promise<number | undefined> {
  return (await home.read("tokens.enc"))[5];
}

async function readWork(home: StoreHome, options: Parameters<StoreHome["store"]>[0]) {
  return (await home.store(options).read(keyOf("work")))?.tokens[0]?.accessToken.reveal();
}

Deno.test("A first file uses the available key store, and each later write the same key", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ processes }).save(sampleSession("work"));
  await home.store({ processes }).save(sampleSession("home"));
  await home.store({ processes }).forget("home");
  assertEquals([await keyStoreFor(home), processes.items.size], [5, 1]);
  assertEquals(await home.names(), ["locks", "tokens.enc", "tokens.lock"]);
  assertEquals(await readWork(home, { processes }), "token-of-work");
});

Deno.test("A key moves from one forced key store to the other and back, and is nowhere else afterwards", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ env: IN_FILE, processes }).save(sampleSession("work"));
  await processes.run("secret-tool", ["store", "of", "another"], { input: "x", timeoutMs: 1 });

  assertEquals(await readWork(home, { env: IN_SERVICE, processes }), "token-of-work");
  assertEquals([await keyStoreFor(home), processes.items.size], [5, 2]);
  assertEquals(await home.names(), ["tokens.enc", "tokens.lock"]);

  assertEquals(await readWork(home, { env: IN_FILE, processes }), "token-of-work");
  assertEquals([await keyStoreFor(home), [...processes.items.keys()]], [1, ["of another"]]);
  assertEquals(await home.names(), ["key", "tokens.enc", "tokens.lock"]);
  assertEquals(home.notices, [
    "The key of tokens.enc was moved from the key file to the Secret Service",
    "The key of tokens.enc was moved from the Secret Service to the key file",
  ]);
});

Deno.test("read() and list() take no lock and write nothing if the key does not have to move", async () => {
  const processes = new MemorySecretTool();
  for (const env of [{}, IN_FILE, IN_SERVICE, { ENTRA_AUTH_CLI_KEYRING: "auto" }]) {
    await using home = await makeStoreHome();
    await home.store({ env, processes }).save(sampleSession("work"));
    const before = await home.read("tokens.enc");
    await Deno.remove(home.file("tokens.lock"));
    assertEquals(await readWork(home, { env, processes }), "token-of-work");
    assertEquals((await home.store({ env, processes }).list()).length, 1);
    assert(!(await home.names()).includes("tokens.lock"));
    assertEquals([await home.read("tokens.enc"), home.notices], [before, []]);
  }
});

Deno.test("A damaged key at the destination of a move does not prevent it, and is kept under another name", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ processes }).save(sampleSession("work"));
  await home.write("key", "cut o");
  assertEquals(await readWork(home, { env: IN_FILE, processes }), "token-of-work");
  assertEquals([await keyStoreFor(home), processes.items.size], [1, 0]);
  const aside = (await home.names()).find((name) => name.startsWith("key.unreadable-")) ?? "";
  assertEquals(new TextDecoder().decode(await home.read(aside)), "cut o");
});

Deno.test({
  name: "A key at the destination of a move that others can read is an error before any prompt or lock",
  ignore: Deno.build.os === "windows",
}, async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ processes }).save(sampleSession("work"));
  await home.write("key", "open");
  await Deno.chmod(home.file("key"), 0o644);
  await Deno.remove(home.file("tokens.lock"));
  const error = await assertRejects(() => readWork(home, { env: IN_FILE, processes }), CliError);
  assertEquals(error.code, "store");
  assertEquals(await home.names(), ["key", "tokens.enc"]);
  assertEquals([await keyStoreFor(home), processes.items.size], [5, 1]);
});

Deno.test("A locked keyring prevents a move in both directions, and nothing is lost", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  for (const [from, to] of [[IN_FILE, IN_SERVICE], [IN_SERVICE, IN_FILE]] as const) {
    await home.store({ env: from, processes }).save(sampleSession("work"));
    const names = await home.names();
    processes.isLocked = true;
    await assertRejects(() => readWork(home, { env: to, processes }), CliError);
    processes.isLocked = false;
    assertEquals(await home.names(), names);
    assertEquals(await readWork(home, { processes }), "token-of-work");
    assertEquals(await readWork(home, { env: to, processes }), "token-of-work");
  }
});

Deno.test({
  name: "An unrelated key file does not hide the error of a key store",
  ignore: Deno.build.os === "windows",
}, async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ processes }).save(sampleSession("work"));
  processes.isLocked = true;
  await home.write("key", "open to others");
  for (const mode of [0o644, 0o600]) {
    await Deno.chmod(home.file("key"), mode);
    await assertRejects(
      () => readWork(home, { processes }),
      CliError,
      "The keyring of the Secret Service is locked",
    );
  }
});

Deno.test("keyPlace() returns the forced key store for a first file, without a reason", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  const names = { "secret-service": {}, "key-file": IN_FILE, "environment": IN_ENVIRONMENT };
  for (const [keyStore, env] of Object.entries(names)) {
    const place = await home.store({ env, processes }).keyPlace();
    assertEquals([place.keyStore, place.isInUse, place.reason], [keyStore, false, null]);
  }
  const absent = await home.store({ env: IN_SERVICE }).keyPlace();
  assertEquals([absent.keyStore, absent.reason], ["secret-service", null]);
  await assertRejects(() => Deno.lstat(home.path), Deno.errors.NotFound);
});

Deno.test("An interruption while a key store responds yields no token, even if it responds or the key file has the key", async () => {
  await using home = await makeStoreHome();
  const processes = new MemorySecretTool();
  await home.store({ processes }).save(sampleSession("work"));
  const [secret = ""] = processes.items.values();
  for (const keyInFile of [false, true]) {
    if (keyInFile) await home.write("key", secret);
    const controller = new AbortController();
    const reason = new CliError("interrupted", "Interrupted");
    const slow = {
      run: async (...asked: Parameters<MemorySecretTool["run"]>) => {
        controller.abort(reason);
        return await processes.run(...asked);
      },
    };
    const store = home.store({ processes: slow, interrupted: () => controller.signal });
    assertEquals(await assertRejects(() => store.read(keyOf("work"))), reason);
    assertEquals(await assertRejects(() => store.keyPlace()), reason);
  }
});
