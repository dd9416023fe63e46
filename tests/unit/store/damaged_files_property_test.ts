import { assert, assertEquals } from "@std/assert";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import fc from "fast-check";
import { CliError } from "../../../src/errors.ts";
import { concat } from "@std/bytes/concat";
import type { Session } from "../../../src/store/session.ts";
import { KEY_STORE_NUMBERS } from "../../../src/store/keystore/key_store.ts";
import { bytesInMemory, parseTokenFile } from "../../../src/store/token_file.ts";
import { sealFormerFile, sealWith } from "../../support/fixtures/former_token_file.ts";
import { printFigures } from "../../support/program/print_figures.ts";
import { keyOf, makeStoreHome, sampleSession, type StoreHome } from "../../support/fixtures/store_fixture.ts";
import { withoutUndefined } from "../../support/fixtures/without_undefined.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The system decides nothing about a variant, and Wine is slow: Windows gets a tenth of them. */
const RUNS = Deno.build.os === "windows" ? 200 : 2000;
const HEADER_LENGTH = 34;
const KEY_STORE_AT = 5;
const SECRET_SERVICE = KEY_STORE_NUMBERS["secret-service"];
const VERSION_AT = 4;
const INDEX_LENGTH_AT = 30;
const CANARY = "c4n4ry-that-nobody-may-see";

/** Returns a session with its secrets revealed, for comparison. */
function revealed(session: Session): unknown {
  return withoutUndefined({
    ...session,
    msalCache: session.msalCache.reveal(),
    tokens: session.tokens.map((token) => ({ ...token, accessToken: token.accessToken.reveal() })),
  });
}

/** Returns the sessions of a file, or a `CliError`. Any other error fails the test. */
async function outcomeOf(read: () => Promise<Session[]>): Promise<Session[] | CliError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw new Error(`not an error for people: ${Deno.inspect(error)}`, { cause: error });
  }
}

/** Reads `content` as `tokens.enc` in both ways: the whole file, and one profile of it. */
async function readBothWays(home: StoreHome, content: Uint8Array): Promise<(Session[] | CliError)[]> {
  await home.write("tokens.enc", content);
  const outcomes = [
    await outcomeOf(() => home.store().list()),
    await outcomeOf(async () => [await home.store().read(keyOf("work"))].filter((found) => found !== null)),
  ];
  assertEquals(await home.read("tokens.enc"), content, "the file is kept");
  assertEquals(Object.keys(Object.prototype), [], "Object.prototype is unchanged");
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
  // A header may name the Secret Service, which this machine has not.
  const codes = ["unreadable_store", ...(content[KEY_STORE_AT] === SECRET_SERVICE ? ["store"] : [])];
  for (const outcome of outcomes) {
    if (!(outcome instanceof CliError)) continue;
    assertSaysNothing(outcome);
    assert(codes.includes(outcome.code), `${outcome.code}: ${outcome.message}`);
  }
  return outcomes;
}

/** Asserts that an error has a code and a hint, and does not quote the file. */
function assertSaysNothing(error: CliError): void {
  assertEquals(error.exitCode, 7, error.message);
  const text = Deno.inspect(error) + error.message + error.hint;
  assert(!text.includes(CANARY) && !text.includes("token-of-"), text);
  assert(!error.message.includes("\n") && error.message.length < 300, error.message);
}

/** Two homes with a valid file each, and a second write of the first with the same key. */
async function validFiles(home: StoreHome): Promise<{ first: Bytes; second: Bytes; foreign: Bytes }> {
  for (const profile of ["work", "other", "third"]) await home.store().save(sampleSession(profile));
  const first = await home.read("tokens.enc");
  await home.store().save(sampleSession("third"));
  await using stranger = await makeStoreHome();
  await stranger.store().save(sampleSession("work", CANARY));
  return { first, second: await home.read("tokens.enc"), foreign: await stranger.read("tokens.enc") };
}

async function importKey(home: StoreHome): Promise<CryptoKey> {
  const text = new TextDecoder().decode(await home.read("key")).trim();
  return await crypto.subtle.importKey("raw", decodeBase64(text), "AES-GCM", false, ["encrypt", "decrypt"]);
}

/** Returns the offsets of each part of a file: the index, the directory, then the records. */
async function partsOf(content: Bytes, key: CryptoKey): Promise<[number, number][]> {
  const file = await parseTokenFile(bytesInMemory(content), key);
  const indexEnd = HEADER_LENGTH + new DataView(content.buffer).getUint32(INDEX_LENGTH_AT);
  const records = (await file.all()).map(({ offset, length }): [number, number] => [offset, offset + length]);
  return [[HEADER_LENGTH, indexEnd], [indexEnd, records[0]?.[0] ?? 0], ...records];
}

/** Generates every kind of damage to a file. */
function damaged(
  first: Bytes,
  second: Bytes,
  foreign: Bytes,
  parts: [number, number][],
): fc.Arbitrary<Bytes> {
  const place = fc.nat(first.length);
  const file = fc.constantFrom(first, second, foreign);
  const bytes = fc.uint8Array({ maxLength: 300 }).map((data) => new Uint8Array(data));
  const withNumber = (length: number) => {
    const changed = first.slice();
    new DataView(changed.buffer).setUint32(INDEX_LENGTH_AT, length);
    return changed;
  };
  return fc.oneof(
    bytes,
    bytes.map((data) => concat([first.subarray(0, HEADER_LENGTH), data])),
    bytes.map((data) => concat([new TextEncoder().encode("EACT\x01\x01"), data])),
    place.map((end) => first.slice(0, end)),
    fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 5 }).map(
      (flips) => {
        const changed = first.slice();
        for (const [at, bits] of flips) changed[at % first.length] = (changed[at % first.length] ?? 0) ^ bits;
        return changed;
      },
    ),
    fc.tuple(file, file, place, place).map(([a, b, end, start]) =>
      concat([a.subarray(0, end), b.subarray(start)])
    ),
    fc.tuple(place, fc.nat(40), bytes).map(([at, length, data]) =>
      concat([first.subarray(0, at), data, first.subarray(at + length)])
    ),
    fc.tuple(fc.nat(HEADER_LENGTH - 1), fc.nat(255)).map(([at, value]) => {
      const changed = first.slice();
      changed[at] = value;
      return changed;
    }),
    fc.constantFrom(0, 1, 27, 28, 29, first.length, 0x7fffffff, 0x80000000, 0xffffffff).map(withNumber),
    fc.nat(0xffffffff).map(withNumber),
    bytes.filter((data) => data.length > 0).map((data) => concat([first, data])),
    fc.shuffledSubarray(parts).map((order) =>
      concat([
        first.subarray(0, HEADER_LENGTH),
        ...order.map(([start, end]) => first.subarray(start, end)),
      ])
    ),
  );
}

Deno.test("A damaged tokens.enc is rejected or read as it was written, in thousands of variants", async () => {
  await using home = await makeStoreHome();
  const { first, second, foreign } = await validFiles(home);
  const parts = await partsOf(first, await importKey(home));
  const written = ["work", "other", "third"].map((profile) => revealed(sampleSession(profile)));
  const isWhole = (content: Bytes) => [first, second].some((whole) => String(whole) === String(content));
  const inSecretService = first.slice();
  inSecretService[KEY_STORE_AT] = SECRET_SERVICE;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(damaged(first, second, foreign, parts), async (content) => {
      const [list, read] = await readBothWays(home, content);
      if (isWhole(content)) {
        assert(Array.isArray(list) && Array.isArray(read));
        assertEquals(list.map(revealed), written);
        return;
      }
      refused++;
      if (!(list instanceof CliError)) throw new Error("a damaged file was read");
      // One profile is read without the records of the others: damage there may go unnoticed, but invents nothing.
      if (!(read instanceof CliError)) assertEquals(read?.map(revealed), [written[0]]);
    }),
    { numRuns: RUNS, examples: [[inSecretService]] },
  );
  assert(refused > RUNS * 3 / 4, `${refused}`);
  await printFigures("damaged stores", RUNS, `${refused} refused, 0 lost`);
});

/** The shortest padding. */
const PADDING = new Uint8Array([0x80]);

/** The formats that are read, one for each kind of index. */
type Version = 2 | 3 | 4;

/**
 * Seals any index and one record with the right key. The index is the part that names the record: that of the file, and in
 * version 4 the only shard of its directory.
 */
async function sealed(
  header: Uint8Array,
  key: CryptoKey,
  { version, index, record }: { version: Version; index: (nonce: string) => Uint8Array; record: Uint8Array },
): Promise<Bytes> {
  const start = header.slice(0, INDEX_LENGTH_AT);
  start[VERSION_AT] = version;
  if (version === 2) return await sealFormerFile(start, key, index(""), [{ data: record }]);
  const part = await sealWith(key, concat([record, PADDING]), text("record "));
  if (version === 4) {
    const shard = await sealWith(key, concat([index(nonceOf(part)), PADDING]), text("directory"));
    const shards = JSON.stringify({ shards: [[shard.length, nonceOf(shard)]], records: part.length });
    return concat([await sealFormerFile(start, key, text(shards), []), shard, part]);
  }
  const summaries = await sealWith(key, concat([text("null"), PADDING]), text("summaries"));
  const indexBytes = text(
    new TextDecoder().decode(index(nonceOf(part))).replace("SUMMARIES", nonceOf(summaries)),
  );
  const file = await sealFormerFile(start, key, indexBytes, []);
  return concat([file, summaries, part]);
}

function nonceOf(sealed: Uint8Array): string {
  return encodeBase64(sealed.subarray(0, 12));
}

const text = (value: string) => new TextEncoder().encode(value);

/** Generates JSON values that no field of this program has. */
const hostileJson = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.constantFrom(
    "null",
    "[]",
    "{}",
    '""',
    "-1",
    "1e400",
    "1.5",
    "9007199254740993",
    `"${CANARY}"`,
    `["${CANARY}"]`,
    '{"__proto__": {"polluted": true}}',
    '{"constructor": {"prototype": {"polluted": true}}}',
    '{"length": 3, "0": "a"}',
    "[".repeat(2000) + "]".repeat(2000),
    '"\\ud800"',
    `{"toJSON": "${CANARY}"}`,
  ),
);

/** Generates bytes that are not JSON, or not text. */
const noJson = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc.constantFrom("", "{bad", `{"a": "${CANARY}`, "\u{feff}", "undefined", "NaN", `'${CANARY}'`, "[1,]").map(
    text,
  ),
);

/** Replaces one value of the JSON `valid` by `hostile`, or adds it. */
function poisoned(valid: string): fc.Arbitrary<Uint8Array> {
  const values = [...valid.matchAll(/"(?:[^"\\]|\\.)*"(?!:)|-?\d+(?:\.\d+)?|\[[^[\]{}]*\]|\{[^{}]*\}/g)];
  const keys = [...valid.matchAll(/"(?:[^"\\]|\\.)*"(?=:)/g)];
  const replaced = ({ 0: found, index }: RegExpMatchArray, by: string) =>
    text(valid.slice(0, index) + by + valid.slice((index ?? 0) + found.length));
  return fc.oneof(
    noJson,
    hostileJson.map(text),
    fc.tuple(fc.constantFrom(...values), hostileJson).map(([value, by]) => replaced(value, by)),
    ...keys.map((key) =>
      fc.constantFrom("__proto__", "constructor", "x", "tokens").map((by) =>
        replaced(key, JSON.stringify(by))
      )
    ),
    hostileJson.map((by) => text(valid.replace("{", `{"__proto__": ${by}, `))),
    hostileJson.map((by) => text(valid.replace("{", `{"unknown": ${by}, `))),
  );
}

/** Asserts that every field has the type that the program relies on. */
function assertWellFormed(session: Session): void {
  const isText = (value: unknown) => typeof value === "string";
  const { profile, authority, tenant, clientId, account, tokens, msalCache } = session;
  assert([profile, authority, tenant, clientId, msalCache.reveal()].every(isText));
  for (const holder of [account, ...tokens.map((token) => token.account)]) {
    assert(holder === null || Object.values(holder).every(isText));
  }
  for (const token of tokens) {
    assert(isText(token.accessToken.reveal()) && token.tokenType === "Bearer");
    assert([...token.scopes, ...token.requestedScopes].every(isText));
    assert([token.expiresAt, token.obtainedAt].every(Number.isFinite));
  }
}

/** Returns an index for one record of `length` bytes, with placeholders for the nonces. */
function indexOf(version: Version, length: number): string {
  if (version === 4) return JSON.stringify([["session", "work", null, 0, length + 29, "NONCE", null]]);
  if (version === 2) return JSON.stringify([{ kind: "session", name: "work", length: length + 28 }]);
  // Each with a byte of padding.
  const records = [["session", "work", null, length + 29, "NONCE"]];
  return JSON.stringify({ records, summaries: [33, "SUMMARIES"] });
}

Deno.test("Content encrypted with the right key is rejected or well-formed, in thousands of variants", async () => {
  await using home = await makeStoreHome();
  const { first } = await validFiles(home);
  const key = await importKey(home);
  const file = await parseTokenFile(bytesInMemory(first), key);
  const [entry] = await file.all();
  assert(entry !== undefined);
  const session = new TextDecoder().decode(await file.open(entry));
  const contentsOf = (version: Version) => {
    const index = indexOf(version, session.length);
    const indexFor = (record: Uint8Array) => text(indexOf(version, record.length));
    return fc.oneof(
      poisoned(session).map((record) => ({ version, index: indexFor(record), record })),
      poisoned(index).map((bad) => ({ version, index: bad, record: text(session) })),
      fc.oneof(fc.integer(), fc.double()).map((length) => ({
        version,
        index: text(index.replace(/\d+/, `${length}`)),
        record: text(session),
      })),
      // Valid.
      fc.constant({ version, index: text(index), record: text(session) }),
    );
  };
  let refused = 0;
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(contentsOf(2), contentsOf(3), contentsOf(4)),
      async ({ version, index, record }) => {
        const withNonce = (nonce: string) => text(new TextDecoder().decode(index).replace("NONCE", nonce));
        const content = await sealed(first, key, { version, index: withNonce, record });
        for (const outcome of await readBothWays(home, content)) {
          if (outcome instanceof CliError) refused++;
          else {
            accepted++;
            for (const found of outcome) assertWellFormed(found);
          }
        }
      },
    ),
    { numRuns: RUNS * 3 / 4 },
  );
  assert(refused > RUNS / 4 && accepted > RUNS * 3 / 20, `${refused} ${accepted}`);
});

Deno.test("Huge or deeply nested content encrypted with the right key is rejected", async () => {
  await using home = await makeStoreHome();
  const { first } = await validFiles(home);
  const key = await importKey(home);
  const depth = 200_000;
  const hostile = [
    "[".repeat(depth) + "]".repeat(depth),
    '{"a":'.repeat(depth) + "1" + "}".repeat(depth),
    `"${CANARY.padEnd(10_000_000, ".")}"`,
    `[${"0,".repeat(1_000_000)}0]`,
  ];
  for (const value of hostile) {
    for (const version of [2, 3, 4] as const) {
      const index = (nonce: string) => text(indexOf(version, value.length).replace("NONCE", nonce));
      const contents = [
        await sealed(first, key, { version, index, record: text(value) }),
        await sealed(first, key, { version, index: () => text(value), record: text(value) }),
      ];
      for (const content of contents) {
        for (const outcome of await readBothWays(home, content)) assert(outcome instanceof CliError);
      }
    }
  }
});
