import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../../src/errors.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const KEY = encodeBase64(new Uint8Array(32).fill(7));
const IN_ENVIRONMENT = { env: { ENTRA_AUTH_CLI_KEY: KEY } };
const IN_FILE = { env: { ENTRA_AUTH_CLI_KEYRING: "file" } };

/** The number of the guardian in the header. */
async function keyStoreOf(home: StoreHome): Promise<number | undefined> {
  return (await home.read("tokens.enc"))[5];
}

Deno.test("A read under another forced guardian moves the key there, keeps every token, and says so", async () => {
  await using home = await makeStoreHome();
  for (const profile of ["work", "home"]) await home.store().save(sampleSession(profile));
  assertEquals(await keyStoreOf(home), 1);

  const session = await home.store(IN_ENVIRONMENT).read(keyOf("work"));
  assertEquals(session?.tokens[0]?.accessToken.reveal(), "token-of-work");
  assertEquals(await keyStoreOf(home), 2);
  assertEquals(home.notices, [
    "The key of tokens.enc is kept by the environment variable ENTRA_AUTH_CLI_KEY now, no longer by the key file",
  ]);
  assert(!(await home.names()).includes("key"), "the old key is gone");
  assertEquals((await home.store(IN_ENVIRONMENT).list()).length, 2);
  assertEquals(home.notices.length, 1);
});

Deno.test("A write under another forced guardian moves the key there", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await home.store(IN_ENVIRONMENT).save(sampleSession("home"));
  assertEquals(await keyStoreOf(home), 2);
  assertEquals((await home.store(IN_ENVIRONMENT).list()).length, 2);
  assert(!(await home.names()).includes("key"));
});

Deno.test("A key that was carried over by hand is taken, and stays when nothing is forced any more", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  await home.write("key", `${KEY}\n`);
  assertEquals((await home.store(IN_FILE).read(keyOf("work")))?.profile, "work");
  assertEquals(await keyStoreOf(home), 1);
  assertEquals((await home.store().read(keyOf("work")))?.profile, "work");
  assert((await home.names()).includes("key"), "it is the one in use");
});

Deno.test("A key that the key file has too opens the file when its guardian has lost it", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  await home.write("key", `${KEY}\n`);
  assertEquals((await home.store().read(keyOf("work")))?.profile, "work");
  assertEquals(await keyStoreOf(home), 2, "reading writes nothing");
  await home.store().save(sampleSession("home"));
  assertEquals(await keyStoreOf(home), 1);
  assertEquals(home.notices, ["The key of tokens.enc is kept by the key file now"]);
});

Deno.test("Many readers at once under another forced guardian move the key once, and all read", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  const sessions = await Promise.all(
    Array.from({ length: 20 }, () => home.store(IN_ENVIRONMENT).read(keyOf("work"))),
  );
  assertEquals(sessions.map((session) => session?.profile), Array(20).fill("work"));
  assertEquals(home.notices.length, 1);
});

Deno.test("Without the key that the file names, nothing is moved and nothing is lost", async () => {
  await using home = await makeStoreHome();
  await home.store(IN_ENVIRONMENT).save(sampleSession("work"));
  const before = await home.read("tokens.enc");
  const error = await assertRejects(() => home.store(IN_FILE).read(keyOf("work")), CliError);
  assertEquals(error.code, "unreadable_store");
  assertStringIncludes(error.hint ?? "", "Set ENTRA_AUTH_CLI_KEY to the key that the tokens were saved with");
  await assertRejects(() => home.store(IN_FILE).save(sampleSession("work")), CliError);
  assertEquals(await home.read("tokens.enc"), before);
});

Deno.test("A guardian that this system can't have is a clear error, forced or named by the file", async () => {
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

Deno.test("A key store that can't be reached is no damage, unless the key file has just that key", async () => {
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

Deno.test("ENTRA_AUTH_CLI_KEYRING with another value is wrong usage, and says which there are", async () => {
  await using home = await makeStoreHome();
  const options = { env: { ENTRA_AUTH_CLI_KEYRING: "gnome" } };
  const error = await assertRejects(() => home.store(options).save(sampleSession("work")), CliError);
  assertEquals(error.code, "usage");
  assertStringIncludes(error.hint ?? "", "auto, secret-service, keychain, dpapi, file");
});

Deno.test("keyPlace() says who keeps the key, and who would keep the first one and why", async () => {
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
