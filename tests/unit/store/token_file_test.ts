import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../../src/errors.ts";
import { type DataKey, generateKeyBytes, importDataKey } from "../../../src/store/keystore/key_store.ts";
import { formatTokenFile, type PlainRecord } from "../../../src/store/format_token_file.ts";
import { bytesInMemory, parseTokenFile, parseTokenFileHeader } from "../../../src/store/token_file.ts";
import type { Bytes } from "../../../src/system/files/files.ts";

const RECORDS: readonly PlainRecord[] = [
  { kind: "session", name: "work", data: bytes("first") },
  { kind: "secret", name: "__proto__", data: bytes("") },
  { kind: "session", name: 'a "quoted"\nname', data: bytes("third") },
];

function bytes(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function newKey(): Promise<DataKey> {
  return importDataKey(generateKeyBytes());
}

async function format(key: DataKey, records: readonly PlainRecord[] = RECORDS): Promise<Bytes> {
  return new Uint8Array(await formatTokenFile({ keyStore: 1, keyId: await key.id() }, key.key, records));
}

async function readAll(file: Bytes, key: DataKey): Promise<PlainRecord[]> {
  const parsed = await parseTokenFile(bytesInMemory(file), key.key);
  const records: PlainRecord[] = [];
  for (const entry of await parsed.all()) {
    const { kind, name, summary } = entry;
    assertEquals(summary, null);
    records.push({ kind, name, data: await parsed.open(entry) });
  }
  return records;
}

async function errorOf(file: Bytes, key: DataKey): Promise<CliError> {
  const error = await assertRejects(() => readAll(file, key), CliError);
  assertEquals(error.code, "unreadable_store");
  return error;
}

Deno.test("parseTokenFile() parses what formatTokenFile() returns", async () => {
  const key = await newKey();
  assertEquals(await readAll(await format(key), key), [...RECORDS]);
  assertEquals(await readAll(await format(key, []), key), []);
});

Deno.test("parseTokenFile() decrypts one record without the others", async () => {
  const key = await newKey();
  const file = await format(key);
  file[file.length - 1] = file.at(-1) === 0 ? 1 : 0;
  const parsed = await parseTokenFile(bytesInMemory(file), key.key);
  const [first, , third] = await parsed.all();
  assert(first !== undefined && third !== undefined);
  assertEquals(new TextDecoder().decode(await parsed.open(first)), "first");
  await assertRejects(() => parsed.open(third), CliError, "Cannot decrypt tokens.enc");
});

Deno.test("A file with many records has a directory in shards, and a record is found in one of them", async () => {
  const key = await newKey();
  const records = Array.from({ length: 1000 }, (_, number) => ({
    ...{ kind: "session", name: `profile ${number}`, data: bytes(`content ${number}`), summary: [number] },
  }));
  const file = await format(key, records);
  const reads: [number, number][] = [];
  const source = {
    size: file.length,
    read(offset: number, length: number) {
      reads.push([offset, length]);
      return Promise.resolve(file.slice(offset, offset + length));
    },
  };
  const parsed = await parseTokenFile(source, key.key);
  const found = await parsed.find("profile 123");
  assertEquals(found.map(({ name, summary }) => [name, summary]), [["profile 123", [123]]]);
  assert(found[0] !== undefined);
  assertEquals(new TextDecoder().decode(await parsed.open(found[0])), "content 123");
  assert(reads.reduce((total, [, length]) => total + length, 0) < file.length / 10);
  assertEquals(await parsed.find("profile 1000"), []);
  const all = await parsed.all();
  assertEquals(all.map(({ name }) => name), records.map(({ name }) => name), "in their order");

  // A shard in the place of another one, and a shard of an earlier write of the same records.
  const directory = parsed.sealed?.directory;
  assert(directory !== null && directory !== undefined);
  const { shards } = directory.index;
  assert(shards.length > 4);
  const [one, other] = [directory.offsetOf(0), directory.offsetOf(1)];
  const length = Math.min(shards[0]?.length ?? 0, shards[1]?.length ?? 0);
  const swapped = file.slice();
  swapped.set(file.subarray(one, one + length), other);
  await errorOf(swapped, key);
  const again = await format(key, records);
  assertNotEquals(again, file);
  const mixed = file.slice();
  mixed.set(again.subarray(one, other), one);
  await errorOf(mixed, key);
});

Deno.test("formatTokenFile() never returns the same bytes twice, and no plain text", async () => {
  const key = await newKey();
  const files = await Promise.all(Array.from({ length: 200 }, () => format(key)));
  assertEquals(new Set(files.map((file) => encodeHex(file.subarray(14)))).size, files.length);
  const nonces = files.flatMap((file) => {
    const indexLength = new DataView(file.buffer).getUint32(30);
    return [encodeHex(file.subarray(34, 46)), encodeHex(file.subarray(34 + indexLength, 46 + indexLength))];
  });
  assertEquals(new Set(nonces).size, 2 * files.length);
  const text = new TextDecoder("latin1").decode(files[0]);
  for (const clear of ["first", "work", "session"]) assertEquals(text.includes(clear), false);
});

Deno.test("parseTokenFile() detects any changed byte", async () => {
  const key = await newKey();
  const file = await format(key);
  for (let place = 0; place < file.length; place++) {
    for (const change of [0x01, 0x80, 0xff]) {
      const damaged = file.slice();
      damaged[place] = (file[place] ?? 0) ^ change;
      // The store compares the key id; the format only authenticates it.
      await errorOf(damaged, key);
    }
  }
});

Deno.test("parseTokenFile() detects truncated and appended bytes", async () => {
  const key = await newKey();
  const file = await format(key);
  for (let length = 0; length < file.length; length++) await errorOf(file.slice(0, length), key);
  const longer = new Uint8Array(file.length + 1);
  longer.set(file);
  await errorOf(longer, key);
});

Deno.test("parseTokenFile() detects records that changed places or are from another write", async () => {
  const key = await newKey();
  const records = ["aaaa", "bbbb"].map((text) => ({ kind: "session", name: "x", data: bytes(text) }));
  const file = await format(key, records);
  const sealedLength = 256 + 28;
  const swapped = file.slice();
  // The directory, and the records.
  const places = [3, 2, 1].map((parts) => file.length - parts * sealedLength);
  const partOf = (content: Bytes, part: number) =>
    content.subarray(places[part], (places[part] ?? 0) + sealedLength);
  swapped.set(partOf(file, 2), places[1]);
  swapped.set(partOf(file, 1), places[2]);
  await errorOf(swapped, key);
  const earlier = await format(key, records);
  for (const part of places.keys()) {
    const mixed = file.slice();
    mixed.set(partOf(earlier, part), places[part]);
    await errorOf(mixed, key);
  }
});

Deno.test("parseTokenFile() has one message for a wrong key and for damage", async () => {
  const key = await newKey();
  const file = await format(key);
  const wrongKey = await errorOf(file, await newKey());
  const damaged = file.slice();
  damaged[40] = (file[40] ?? 0) ^ 1;
  const damage = await errorOf(damaged, key);
  assertEquals(wrongKey.message, damage.message);
  assertEquals(wrongKey.hint?.includes("clear-cache"), true);
});

Deno.test("parseTokenFileHeader() distinguishes foreign, empty, truncated and newer files", async () => {
  const key = await newKey();
  const file = await format(key);
  const newer = file.slice();
  newer[4] = 5;
  const older = file.slice();
  older[4] = 0;
  const table: [Bytes, string][] = [
    [bytes(""), "the file is empty"],
    [bytes('{"tokens":[]}'), "the first bytes are wrong"],
    [file.slice(0, 20), "the file is truncated"],
    [newer, "newer version of entra-auth-cli (format 5)"],
    [older, "unknown format 0"],
  ];
  for (const [content, message] of table) {
    await assertRejects(() => parseTokenFileHeader(bytesInMemory(content)), CliError, message);
  }
});

Deno.test("parseTokenFile() rejects a huge index before reading it", async () => {
  const key = await newKey();
  const file = await format(key);
  new DataView(file.buffer).setUint32(30, 200_000_000);
  const lengths: number[] = [];
  const source = {
    size: 210_000_000,
    read(offset: number, length: number) {
      lengths.push(length);
      return Promise.resolve(file.slice(offset, offset + length));
    },
  };
  await assertRejects(() => parseTokenFile(source, key.key), CliError, "Cannot decrypt tokens.enc");
  assertEquals(lengths, [34, 34]);
});

Deno.test("parseTokenFile() rejects an invalid index", async () => {
  const key = await newKey();
  for (
    const records of [[{ kind: 1, name: "x", data: bytes("") }], [{ kind: "x", name: null, data: bytes("") }]]
  ) {
    // A later version or another program with the same key might write this.
    const file = await format(key, records as unknown as PlainRecord[]);
    assertEquals(
      (await errorOf(file, key)).message,
      "tokens.enc has invalid content: the index has an invalid entry",
    );
  }
});

Deno.test("parseTokenFile() detects a record that is passed off as bound to another profile", async () => {
  const key = await newKey();
  // The index names one profile, the record was sealed for the other.
  const owners = ["profile-b", "profile-a"];
  const record: PlainRecord = {
    ...{ kind: "session", name: "work", data: bytes("first") },
    get boundTo() {
      return owners.shift();
    },
  };
  await errorOf(await format(key, [record]), key);
  const own = { kind: "session", name: "work", boundTo: "profile-a", data: bytes("first") };
  assertEquals((await readAll(await format(key, [own]), key)).length, 1);
});
