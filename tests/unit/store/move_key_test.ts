import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../../src/errors.ts";
import { MemorySecretTool } from "../../support/fixtures/memory_secret_tool.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const KEY = encodeBase64(new Uint8Array(32).fill(7));
const IN_ENVIRONMENT = { env: { ENTRA_AUTH_CLI_KEY: KEY } };
const IN_FILE = { env: { ENTRA_AUTH_CLI_KEYRING: "file" } };

/** Returns the number of the key store in the header. */
async function keyStoreOf(home: StoreHome): Promise<number | undefined> {
  return (await home.read("tokens.enc"))[5];
}

Deno.test("A read with another forced key store moves the key there, keeps every token, and reports it", async () => {
  await using home = await makeStoreHome();
  for (const profile of ["work", "home"]) await home.store().save(sampleSession(profile));
  assertEquals(await keyStoreOf(home), 1);

  const session = await home.store(IN_ENVIRONMENT).read(keyOf("work"));
  assertEquals(session?.tokens[0]?.accessToken.reveal(), "token-of-work");
  assertEquals(await keyStoreOf(home), 2);
  assertEquals(home.notices, [
    "The key of tokens.enc was moved from the key file to the environment variable ENTRA_AUTH_CLI_KEY",
  ]);
  assert(!(await home.names()).includes("key"), "the old key is deleted");
  assertEquals((await home.store(IN_ENVIRONMENT).list()).length, 2);
  assertEquals(home.notices.length, 1);
});

Deno.test("A write with another forced key store moves the key there", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await home.store(IN_ENVIRONMENT).save(sampleSession("home"));
  assertEquals(await keyStoreOf(home), 2);
  assertEquals((await home.store(IN_ENVIRONMENT).list()).length, 2);
  assert(!(await home.names()).includes("key"));
});

Deno.test("A key that the user copied is used, and kept when no key store is forced any more", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  await home.write("key", `${KEY}\n`);
  assertEquals((await home.store(IN_FILE).read(keyOf("work")))?.profile, "work");
  assertEquals(await keyStoreOf(home), 1);
  assertEquals((await home.store().read(keyOf("work")))?.profile, "work");
  assert((await home.names()).includes("key"), "the key in use is kept");
});

Deno.test("A copy in the key file decrypts the tokens if their key store has lost the key", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  await home.write("key", `${KEY}\n`);
  assertEquals((await home.store().read(keyOf("work")))?.profile, "work");
  assertEquals(await keyStoreOf(home), 2, "reading writes nothing");
  await home.store().save(sampleSession("home"));
  assertEquals(await keyStoreOf(home), 1);
  assertEquals(home.notices, ["The key of tokens.enc is now in the key file"]);
});

Deno.test("Many readers at once with another forced key store move the key once, and all read", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const sessions = await Promise.all(
    Array.from({ length: 20 }, () => home.store(IN_ENVIRONMENT).read(keyOf("work"))),
  );
  assertEquals(sessions.map((session) => session?.profile), Array(20).fill("work"));
  assertEquals(home.notices.length, 1);
});

Deno.test("A missing key is not moved, and nothing is lost", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  const before = await home.read("tokens.enc");
  const error = await assertRejects(() => home.store(IN_FILE).read(keyOf("work")), CliError);
  assertEquals(error.code, "unreadable_store");
  assertStringIncludes(error.hint ?? "", "Set ENTRA_AUTH_CLI_KEY to the key that the tokens were saved with");
  await assertRejects(() => home.store(IN_FILE).save(sampleSession("work")), CliError);
  assertEquals(await home.read("tokens.enc"), before);
});

Deno.test("A key store that this system cannot have is a clear error, forced or named by the file", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  for (const keyring of ["dpapi", "keychain"]) {
    const options = { env: { ENTRA_AUTH_CLI_KEYRING: keyring } };
    const forced = await assertRejects(() => home.store(options).read(keyOf("work")), CliError);
    assertEquals(forced.code, "store");
    assertStringIncludes(forced.hint ?? "", "auto, file or secret-service");
  }
  const file = await home.read("tokens.enc");
  for (const number of [0, 2, 3, 4, 5, 99]) {
    file[5] = number;
    await home.write("tokens.enc", file);
    const named = await assertRejects(() => home.store().read(keyOf("work")), CliError);
    assertEquals(named.code, "unreadable_store", String(number));
    assertEquals(await home.read("tokens.enc"), file);
  }
});

Deno.test("An unreachable key store is not damage, unless the key file has that key", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const file = await home.read("tokens.enc");
  file[5] = 5;
  await home.write("tokens.enc", file);
  const damaged = await assertRejects(() => home.store().read(keyOf("work")), CliError);
  assertEquals(damaged.code, "unreadable_store");
  await Deno.remove(home.file("key"));
  const unreachable = await assertRejects(() => home.store().read(keyOf("work")), CliError);
  assertEquals(unreachable.code, "store");
});

Deno.test("An invalid ENTRA_AUTH_CLI_KEYRING is a usage error that lists the values", async () => {
  await using home = await makeStoreHome();
  const options = { env: { ENTRA_AUTH_CLI_KEYRING: "gnome" } };
  const error = await assertRejects(() => home.store(options).save(sampleSession("work")), CliError);
  assertEquals(error.code, "usage");
  assertStringIncludes(error.message, "expected one of auto, secret-service, keychain, dpapi, file");
});

Deno.test("keyPlace() returns the location of the key, or that of the first one and why", async () => {
  await using home = await makeStoreHome();
  const before = await home.store().keyPlace();
  assertEquals([before.keyStore, before.isInUse], ["key-file", false]);
  assert(before.reason !== null && before.reason.length > 0);
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  assertEquals(await home.store().keyPlace(), {
    keyStore: "environment",
    place: "the environment variable ENTRA_AUTH_CLI_KEY",
    isInUse: true,
    reason: null,
  });
});

for (const env of [{ ENTRA_AUTH_CLI_KEYRING: "file" }, { ENTRA_AUTH_CLI_KEYRING: "secret-service" }]) {
  Deno.test(`renewKey() keeps what is stored and makes older copies unreadable (${env.ENTRA_AUTH_CLI_KEYRING})`, async () => {
    await using home = await makeStoreHome();
    const processes = new MemorySecretTool();
    const open = () => home.store({ env, processes });
    assertEquals(await open().renewKey(), "no-file");
    await open().save(sampleSession("work"));
    const [older, names, items] = [await home.read("tokens.enc"), await home.names(), processes.items.size];
    assertEquals(await open().renewKey(), "renewed");
    assertEquals((await open().read(keyOf("work")))?.profile, "work");
    assertEquals([await home.names(), processes.items.size], [names, items], "the former key is gone");
    await home.write("tokens.enc", older);
    assertEquals((await assertRejects(() => open().read(keyOf("work")), CliError)).code, "unreadable_store");
  });
}

Deno.test("A key file that is being replaced opens the former file and the new one, and the next renewal cleans it", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_FILE).save(sampleSession("work"));
  const former = await home.read("tokens.enc");
  const formerKey = new TextDecoder().decode(await home.read("key"));
  // As a crash leaves them: before the token file is replaced, and after.
  await home.write("key", `${KEY}\n${formerKey}`);
  assertEquals((await home.store(IN_FILE).read(keyOf("work")))?.profile, "work");
  await home.write("key", formerKey);
  assertEquals(await home.store(IN_FILE).renewKey(), "renewed");
  const key = new TextDecoder().decode(await home.read("key"));
  await home.write("key", `${key}${formerKey}`);
  assertEquals((await home.store(IN_FILE).read(keyOf("work")))?.profile, "work");
  assertEquals(await home.store(IN_FILE).renewKey(), "renewed");
  await home.write("tokens.enc", former);
  const error = await assertRejects(() => home.store(IN_FILE).read(keyOf("work")), CliError);
  assertEquals(error.code, "unreadable_store");
});

Deno.test("renewKey() leaves a key in the environment to the user", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  const before = await home.read("tokens.enc");
  assertEquals(await home.store(IN_ENVIRONMENT).renewKey(), "unchanged");
  assertEquals(await home.read("tokens.enc"), before);
});
