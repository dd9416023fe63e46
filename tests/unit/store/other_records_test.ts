import { assert, assertEquals, assertRejects } from "@std/assert";
import { CliError } from "../../../src/errors.ts";
import { formatSession } from "../../../src/store/session.ts";
import { keyFileStore } from "../../../src/store/keystore/key_file.ts";
import { formatTokenFile, type PlainRecord } from "../../../src/store/format_token_file.ts";
import { bytesInMemory, parseTokenFile } from "../../../src/store/token_file.ts";
import type { TokenFile } from "../../../src/store/token_file_format.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";

const OTHER = { kind: "of another version", name: "work", data: new TextEncoder().encode("what it says") };

/** Adds a record of a kind that this version of the program does not know. */
async function addOtherRecord(home: StoreHome): Promise<void> {
  const { key, id } = await keyFileStore(home.folder()).obtain(".old");
  const file = await parseTokenFile(bytesInMemory(await home.read("tokens.enc")), key);
  const records = await recordsIn(file);
  await home.write(
    "tokens.enc",
    await formatTokenFile({ keyStore: 1, keyId: await id() }, key, [OTHER, ...records]),
  );
}

/** Returns the records of other kinds in the file. */
async function otherRecords(home: StoreHome): Promise<unknown[]> {
  const key = await keyFileStore(home.folder()).load(new Uint8Array(8));
  assert(key !== null);
  const file = await parseTokenFile(bytesInMemory(await home.read("tokens.enc")), key.key);
  return (await recordsIn(file)).filter(({ kind }) => kind !== "session");
}

async function recordsIn(file: TokenFile): Promise<PlainRecord[]> {
  const entries = await file.all();
  return await Promise.all(
    entries.map(async (entry) => ({ kind: entry.kind, name: entry.name, data: await file.open(entry) })),
  );
}

Deno.test("A record of an unknown kind is not read as a session, and survives every write", async () => {
  await using home = await makeStoreHome();
  await home.store().save(sampleSession("work"));
  await addOtherRecord(home);
  assertEquals((await home.store().read(keyOf("work")))?.profile, "work");
  assertEquals((await home.store().list()).map(({ profile }) => profile), ["work"]);
  await home.store().save(sampleSession("work", "new"));
  assertEquals(await otherRecords(home), [OTHER]);
  assertEquals(await home.store().forget("work"), 1);
  assertEquals([await otherRecords(home), await home.store().list()], [[OTHER], []]);
});

Deno.test("A session that is bound to another profile or account than it says is not read", async () => {
  await using home = await makeStoreHome();
  const identity = { id: "0123456789abcdef".repeat(2), generation: 1 };
  const session = { ...sampleSession("work"), identity };
  await home.store().save(session);
  const { key, id } = await keyFileStore(home.folder()).obtain(".old");
  const bound = `${identity.id} 1 oid.tid`;
  for (const boundTo of [bound, bound.replace("oid.tid", "other.tid"), bound.replace("0", "f"), undefined]) {
    const record = { kind: "session", name: "work", boundTo, data: formatSession(session) };
    await home.write(
      "tokens.enc",
      await formatTokenFile({ keyStore: 1, keyId: await id() }, key, [record]),
    );
    const read = () => home.store().read({ ...keyOf("work"), identity });
    if (boundTo === bound) assertEquals((await read())?.account?.homeAccountId, "oid.tid");
    else await assertRejects(read, CliError, "bound to another profile");
  }
});
