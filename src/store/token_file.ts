import { concat } from "@std/bytes/concat";
import { startsWith } from "@std/bytes/starts-with";
import { decryptAesGcm, encryptAesGcm } from "@std/crypto/aes-gcm";
import { encodeBase64 } from "@std/encoding/base64";
import type { Bytes, FilePatch } from "../system/files/files.ts";
import { isJsonObject } from "../text/json.ts";
import { damagedContent, invalidTokenFile, newerTokenFile, undecryptable } from "./store_error.ts";

/**
 * The format of `tokens.enc`. All numbers are big-endian.
 *
 * | bytes | content |
 * |---|---|
 * | 4 | magic `EACT` |
 * | 1 | version |
 * | 1 | number of the key store |
 * | 8 | id of the key |
 * | 16 | random, new for every write |
 * | 4 | length of the sealed index |
 * | | sealed index: JSON `{shards, records}`, and spaces |
 * | | sealed shards of the directory, one after the other |
 * | | sealed records, one after the other |
 *
 * Sealed means AES-256-GCM: nonce, ciphertext, tag. The additional data of the index is the header. The index has the
 * length and the nonce of every shard, and the length of all records. A shard is JSON: for each of its records the label,
 * the offset from the first record, the length, the nonce, and what a list shows of it. A part opens only with its nonce,
 * and no two parts ever have the same, so none can be moved, dropped, or replaced by that of another write. The additional
 * data of a record is what it is bound to: the profile and the account.
 *
 * The name of a record determines its shard. Each record is sealed on its own, independently of its file and its place in
 * it. So reading one profile costs the same however many there are, and a write copies the records that it does not change.
 * Every part is padded, so that a record that is sealed again usually fits in the place of the former one. The file does
 * not reveal the number of records, but its length indicates roughly how much it contains.
 *
 * Versions 1 to 3 are still read. They had no shards: the index had the label and the length of every record. Version 3 had
 * the nonces there too, and all summaries in one part, a line of JSON for each record. Versions 1 and 2 had no summaries and
 * no padding; the additional data of every part was the header, the number of the part (0 for the index), and in version 2
 * what a record was bound to.
 */
export interface TokenFile {
  /** Authenticated, not encrypted. */
  readonly header: TokenFileHeader;
  /** Returns the records of this name, in order. Decrypts one shard. @throws {CliError} `unreadable_store` */
  find(name: string): Promise<IndexEntry[]>;
  /** Returns all records, in order, with their summaries. @throws {CliError} `unreadable_store` */
  all(): Promise<IndexEntry[]>;
  /** Yields all records in parts, in no order, which takes less memory. @throws {CliError} `unreadable_store` */
  parts(): AsyncIterable<readonly IndexEntry[]>;
  /** Decrypts a record. @throws {CliError} `unreadable_store` */
  open(entry: IndexEntry): Promise<Uint8Array>;
  /** The bytes of the parts, to copy them to the next file; null in versions 1 and 2, whose parts fit no other. */
  readonly sealed: SealedParts | null;
}

/** The parts of a file as they are on the disk. */
interface SealedParts {
  /** The length of the file. */
  readonly size: number;
  read(offset: number, length: number): Promise<Bytes>;
  /** The directory, of which a copy of the file can be patched; null in version 3. */
  readonly directory: SealedDirectory | null;
}

interface SealedDirectory {
  readonly indexLength: number;
  readonly index: Index;
  offsetOf(shard: number): number;
  entriesIn(shard: number): Promise<IndexEntry[]>;
  /** Decrypts every shard. @throws {CliError} `unreadable_store` */
  check(): Promise<void>;
  /** The offset of the first record. */
  readonly recordsOffset: number;
}

/** The part of `tokens.enc` that can be read without its key. Not to be trusted before a part was decrypted. */
export interface TokenFileHeader {
  /** The number of the key store. */
  readonly keyStore: number;
  /** The id of the key that the file is encrypted with, 8 bytes. */
  readonly keyId: Uint8Array;
  /** 16 bytes, different for every write: they distinguish two files. */
  readonly random: Uint8Array;
}

/** The description of a record. */
export interface RecordLabel {
  /** The type of content, such as `session`. */
  readonly kind: string;
  /** The name of the profile. */
  readonly name: string;
  /** The profile and the account that the record is bound to. */
  readonly boundTo?: string | undefined;
}

export interface IndexEntry extends RecordLabel {
  /** Offset of the sealed record in the file. */
  readonly offset: number;
  /** Length of the sealed record in bytes. */
  readonly length: number;
  /** The nonce of the sealed record, in base64; null in versions 1 and 2. */
  readonly nonce: string | null;
  /** The part that a list shows, null if there is none; undefined if it was not read. */
  readonly summary?: unknown;
}

/** A record of a file, to be kept in the next one. */
export interface KeptRecord extends RecordLabel {
  readonly entry: IndexEntry;
}

export interface PlainRecord extends RecordLabel {
  /** The content, not encrypted. */
  readonly data: Uint8Array;
  /** The part that a list shows: a JSON value without secrets. */
  readonly summary?: unknown;
}

/** Bytes on disk or in memory. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Returns `length` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Bytes>;
}

const MAGIC = new TextEncoder().encode("EACT");
const VERSION = 4;
const FIRST_VERSION = 1;
/** The last version whose records depend on their file and their place in it. */
const LAST_TIED_VERSION = 2;
/** The last version without shards. */
const LAST_UNSHARDED_VERSION = 3;

/** The offsets of the header's parts in bytes, and its length. */
const HEADER = { version: 4, keyStore: 5, keyId: 6, random: 14, indexLength: 30, length: 34 } as const;

/** Larger files and indexes are not read: this program writes none, and they would take the memory of the machine. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

/** AES-GCM adds a nonce of 12 bytes and a tag of 16. */
const SEAL_LENGTH = 28;
const NONCE_LENGTH = 12;

/** The lengths of padded records, and of the sealed index, are multiples of these. */
const RECORD_BLOCK = 256;
const INDEX_BLOCK = 1024;

/** About the number of records in a shard: a list reads all shards, and a cached token one. */
const SHARD_RECORDS = 128;

const SHARDS_AT_ONCE = 8;

export function bytesInMemory(bytes: Bytes): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/** Parses the header of `tokens.enc`. @throws {CliError} `unreadable_store` for another file or a newer one. */
export async function parseTokenFileHeader(file: ByteSource): Promise<TokenFileHeader> {
  if (file.size > MAX_FILE_BYTES) throw invalidTokenFile("the file is too large");
  const header = await file.read(0, HEADER.length);
  if (header.length === 0) throw invalidTokenFile("the file is empty");
  if (!startsWith(header, MAGIC)) throw invalidTokenFile("the first bytes are wrong");
  if (header.length < HEADER.length) throw invalidTokenFile("the file is truncated");
  const version = viewOf(header).getUint8(HEADER.version);
  if (version > VERSION) throw newerTokenFile(version);
  if (version < FIRST_VERSION) throw invalidTokenFile(`unknown format ${version}`);
  return {
    keyStore: viewOf(header).getUint8(HEADER.keyStore),
    keyId: header.slice(HEADER.keyId, HEADER.random),
    random: header.slice(HEADER.random, HEADER.indexLength),
  };
}

/** Parses `tokens.enc` up to its index. @throws {CliError} `unreadable_store` if `key` does not decrypt it. */
export async function parseTokenFile(file: ByteSource, key: CryptoKey): Promise<TokenFile> {
  const header = await parseTokenFileHeader(file);
  const headerBytes = await file.read(0, HEADER.length);
  const indexLength = viewOf(headerBytes).getUint32(HEADER.indexLength);
  const indexEnd = HEADER.length + indexLength;
  if (indexLength > MAX_INDEX_BYTES || indexEnd > file.size) throw undecryptable();
  const version = viewOf(headerBytes).getUint8(HEADER.version);
  const sealedIndex = await file.read(HEADER.length, indexLength);
  const index = parseJsonText(await unseal(sealedIndex, key, tiedData(headerBytes, 0)));
  if (version <= LAST_UNSHARDED_VERSION) {
    return formerFile({ file, key, header, headerBytes, indexEnd }, index, version);
  }
  return shardedFile({ file, key, header, headerBytes, indexEnd }, parseIndex(index));
}

/** No part opens with it. */
const EMPTY: SealedPart = { length: 0, nonce: "" };

/** A file up to the end of its index. */
interface FileStart {
  readonly file: ByteSource;
  readonly key: CryptoKey;
  readonly header: TokenFileHeader;
  readonly headerBytes: Bytes;
  readonly indexEnd: number;
}

function shardedFile({ file, key, header, indexEnd }: FileStart, index: Index): TokenFile {
  const { ends: shardEnds, end: recordsOffset } = endsOf(index.shards, indexEnd);
  if (recordsOffset + index.recordsLength !== file.size) throw undecryptable();
  const offsetOf = (shard: number) => shard === 0 ? indexEnd : shardEnds[shard - 1] ?? recordsOffset;

  const openShard = async (number: number) => {
    const { length, nonce } = index.shards[number] ?? EMPTY;
    return await openPart(key, await file.read(offsetOf(number), length), nonce, SHARD_DATA);
  };
  const entriesIn = async (number: number) => parseShard(await openShard(number), recordsOffset);
  /** Decrypts all shards, some at once: all together would take several times the memory. */
  async function* openShards(): AsyncGenerator<Uint8Array> {
    for (let first = 0; first < index.shards.length; first += SHARDS_AT_ONCE) {
      const some = index.shards.slice(first, first + SHARDS_AT_ONCE);
      yield* await Promise.all(some.map((_, number) => openShard(first + number)));
    }
  }
  async function* parts() {
    for await (const data of openShards()) yield parseShard(data, recordsOffset);
  }
  return {
    header,
    find: async (name) =>
      (await entriesIn(shardOf(name, index.shards.length))).filter((entry) => entry.name === name),
    async all() {
      const entries: IndexEntry[] = [];
      for await (const part of parts()) for (const entry of part) entries.push(entry);
      return entries.sort((one, other) => one.offset - other.offset);
    },
    parts,
    open: async ({ offset, length, nonce, boundTo }) =>
      await openPart(key, await file.read(offset, length), nonce, recordData(boundTo)),
    sealed: {
      size: file.size,
      read: (offset, length) => file.read(offset, length),
      directory: {
        indexLength: indexEnd - HEADER.length,
        index,
        offsetOf,
        entriesIn,
        async check() {
          for await (const _ of openShards());
        },
        recordsOffset,
      },
    },
  };
}

/** Returns a file of version 1, 2 or 3. */
function formerFile(
  { file, key, header, headerBytes, indexEnd }: FileStart,
  value: unknown,
  version: number,
): TokenFile {
  const isTied = version <= LAST_TIED_VERSION;
  const { records, summaries } = parseFormerIndex(value, isTied);
  const { ends, end } = endsOf(records, indexEnd + (summaries?.length ?? 0));
  if (end !== file.size) throw undecryptable();
  const index = records.map((entry, number) => ({ ...entry, offset: (ends[number] ?? 0) - entry.length }));
  const numbers = new Map(index.map(({ offset }, number) => [offset, number + 1]));
  async function all() {
    if (summaries === null) return index;
    const sealed = await file.read(indexEnd, summaries.length);
    const values = parseLines(await openPart(key, sealed, summaries.nonce, SUMMARIES_DATA));
    if (values.length !== index.length) throw damagedContent("the summaries do not match the index");
    return index.map((entry, number) => ({ ...entry, summary: values[number] }));
  }
  return {
    header,
    find: (name) => Promise.resolve(index.filter((entry) => entry.name === name)),
    all,
    async *parts() {
      yield await all();
    },
    async open({ offset, length, nonce, boundTo }) {
      const sealed = await file.read(offset, length);
      if (!isTied) return await openPart(key, sealed, nonce, recordData(boundTo));
      return await unseal(sealed, key, tiedData(headerBytes, numbers.get(offset) ?? 0, boundTo));
    },
    sealed: isTied ? null : {
      size: file.size,
      read: (offset, length) => file.read(offset, length),
      directory: null,
    },
  };
}

/** Returns the offsets where parts end that follow each other. */
function endsOf(
  parts: readonly { readonly length: number }[],
  start: number,
): { ends: number[]; end: number } {
  let end = start;
  const ends = parts.map(({ length }) => end += length);
  return { ends, end };
}

async function openPart(
  key: CryptoKey,
  sealed: Bytes,
  nonce: string | null,
  additionalData: Bytes,
): Promise<Uint8Array> {
  if (nonceOf(sealed) !== nonce) throw undecryptable();
  return withoutPadding(await unseal(sealed, key, additionalData));
}

/**
 * Returns the shard for a name, of `count`. The hash (FNV-1a) only distributes the names, and nothing secret depends on it:
 * the shards are encrypted.
 */
function shardOf(name: string, count: number): number {
  if (count === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count;
}

/**
 * Formats `tokens.enc` with `records` in their order, sealed with `key`. Those that are kept are copied from `source`, which
 * has the same key.
 */
export async function formatTokenFile(
  header: Omit<TokenFileHeader, "random">,
  key: CryptoKey,
  records: readonly (PlainRecord | KeptRecord)[],
  source: TokenFile | null = null,
): Promise<Uint8Array> {
  const sealed = await sealRecords(records, key);
  const shards: ShardEntry[][] = Array.from(
    { length: Math.max(1, Math.ceil(sealed.length / SHARD_RECORDS)) },
    () => [],
  );
  let recordsLength = 0;
  for (const record of sealed) {
    shards[shardOf(record.name, shards.length)]?.push({ ...record, at: recordsLength });
    recordsLength += record.length;
  }
  const directory = await Promise.all(shards.map((entries) => sealShard(entries, key)));
  const index = indexText({ shards: directory.map(sealedPart), recordsLength });
  const indexLength = roundUp(index.length + SEAL_LENGTH, INDEX_BLOCK);
  const start = concat([await sealStart(header, index, indexLength, key), ...directory]);

  const file = new Uint8Array(start.length + recordsLength);
  file.set(start);
  let offset = start.length;
  for (const run of copies(sealed)) {
    const bytes = "bytes" in run ? run.bytes : await source?.sealed?.read(run.offset, run.length);
    if (bytes === undefined) throw new TypeError("A record is kept of no file");
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

/**
 * Returns the parts of `source` that change if its records `present` are replaced by `records`, one by one, all others
 * remaining in their place. Returns null if that is not possible: the file has to be written as a whole.
 */
export async function patchTokenFile(
  header: Omit<TokenFileHeader, "random">,
  key: CryptoKey,
  present: readonly IndexEntry[],
  records: readonly (PlainRecord | KeptRecord)[],
  source: TokenFile,
): Promise<FilePatch | null> {
  const { sealed: parts } = source;
  const directory = parts?.directory ?? null;
  const isInPlace = records.length === present.length &&
    records.every((record, position) => record.name === present[position]?.name);
  if (parts === null || directory === null || !isInPlace) return null;
  const sealed = await sealRecords(records, key, present);
  if (sealed.some(({ length }, position) => length !== present[position]?.length)) return null;

  const changed = new Map<number, SealedRecord>();
  const numbers = new Set<number>();
  for (const [position, { name }] of records.entries()) {
    const [entry, record] = [present[position], sealed[position]];
    if (entry === undefined || record === undefined) return null;
    if (record.bytes === null && record.offset !== entry.offset) return null;
    changed.set(entry.offset, record);
    numbers.add(shardOf(name, directory.index.shards.length));
  }
  const shards = [...directory.index.shards];
  const patches: { at: number; data: Uint8Array }[] = [];
  for (const number of numbers) {
    const { recordsOffset } = directory;
    const entries = (await directory.entriesIn(number)).map((entry) => ({
      ...entry,
      ...changed.get(entry.offset),
      at: entry.offset - recordsOffset,
    }));
    const shard = await sealShard(entries, key, shards[number]?.length);
    if (shard.length !== shards[number]?.length) return null;
    shards[number] = sealedPart(shard);
    patches.push({ at: directory.offsetOf(number), data: shard });
  }
  for (const [at, { bytes }] of changed) if (bytes !== null) patches.push({ at, data: bytes });
  const index = indexText({ ...directory.index, shards });
  if (index.length + SEAL_LENGTH > directory.indexLength) return null;
  const start = await sealStart(header, index, directory.indexLength, key);
  return { parts: [{ at: 0, data: start }, ...patches], size: parts.size };
}

/** A record of the next file. */
interface SealedRecord extends IndexEntry {
  /** The sealed record; null if it is copied. */
  readonly bytes: Uint8Array | null;
  /** The offset in the source of a record that is copied. */
  readonly offset: number;
}

/** @param slots The records that the new ones replace: one that is not longer is padded to the length of the former one. */
async function sealRecords(
  records: readonly (PlainRecord | KeptRecord)[],
  key: CryptoKey,
  slots: readonly IndexEntry[] = [],
): Promise<SealedRecord[]> {
  return await Promise.all(records.map(async (record, number) => {
    if ("entry" in record) return { ...record.entry, bytes: null };
    const data = withPadding(record.data, (slots[number]?.length ?? 0) - SEAL_LENGTH);
    const bytes = await seal(data, key, recordData(record.boundTo));
    const { kind, name, boundTo, summary } = record;
    return { kind, name, boundTo, summary, ...sealedPart(bytes), bytes, offset: 0 };
  }));
}

/** A record as its shard names it. */
interface ShardEntry extends Omit<IndexEntry, "offset"> {
  /** The offset from the first record. */
  readonly at: number;
}

async function sealShard(
  entries: readonly ShardEntry[],
  key: CryptoKey,
  slotLength = 0,
): Promise<Uint8Array> {
  const rows = entries.map((
    { kind, name, boundTo, at, length, nonce, summary },
  ) => [kind, name, boundTo ?? null, at, length, nonce, summary ?? null]);
  const text = new TextEncoder().encode(JSON.stringify(rows));
  return await seal(withPadding(text, slotLength - SEAL_LENGTH), key, SHARD_DATA);
}

/** Yields what the records consist of, neighbors that are copied at once. */
function* copies(
  records: readonly SealedRecord[],
): Generator<{ bytes: Uint8Array } | { offset: number; length: number }> {
  let run = { offset: 0, length: 0 };
  for (const { bytes, offset, length } of records) {
    const isNext = bytes === null && offset === run.offset + run.length && run.length < MAX_RUN_BYTES;
    if (isNext) run = { ...run, length: run.length + length };
    else {
      if (run.length > 0) yield run;
      run = bytes === null ? { offset, length } : { offset: 0, length: 0 };
    }
    if (bytes !== null) yield { bytes };
  }
  if (run.length > 0) yield run;
}

/** Records are copied in pieces of about this length. */
const MAX_RUN_BYTES = 4 * 1024 * 1024;

function indexText({ shards, recordsLength }: Index): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({
    shards: shards.map(({ length, nonce }) => [length, nonce]),
    records: recordsLength,
  }));
}

function sealedPart(sealed: Uint8Array): SealedPart {
  return { length: sealed.length, nonce: nonceOf(sealed) };
}

/** Returns the header and the sealed index, which has `indexLength` bytes. */
async function sealStart(
  { keyStore, keyId }: Omit<TokenFileHeader, "random">,
  index: Uint8Array,
  indexLength: number,
  key: CryptoKey,
): Promise<Uint8Array> {
  const header = new Uint8Array(HEADER.length);
  header.set(MAGIC);
  header[HEADER.version] = VERSION;
  header[HEADER.keyStore] = keyStore;
  header.set(keyId, HEADER.keyId);
  crypto.getRandomValues(header.subarray(HEADER.random, HEADER.indexLength));
  viewOf(header).setUint32(HEADER.indexLength, indexLength);
  const padded = new Uint8Array(indexLength - SEAL_LENGTH).fill(SPACE);
  padded.set(index);
  return concat([header, await seal(padded, key, tiedData(header, 0))]);
}

const SPACE = 0x20;

/** Pads with a byte 0x80 and zeros (ISO/IEC 7816-4) to whole blocks, and to at least `minimum` bytes. */
function withPadding(data: Uint8Array, minimum = 0): Uint8Array {
  const padded = new Uint8Array(Math.max(roundUp(data.length + 1, RECORD_BLOCK), minimum));
  padded.set(data);
  padded[data.length] = PADDING;
  return padded;
}

const PADDING = 0x80;

/** Undoes {@linkcode withPadding}. @throws {CliError} `unreadable_store` */
function withoutPadding(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== PADDING) throw damagedContent("a record has invalid padding");
  return padded.subarray(0, end);
}

function roundUp(length: number, block: number): number {
  return Math.ceil(length / block) * block;
}

function nonceOf(sealed: Uint8Array): string {
  return encodeBase64(sealed.subarray(0, NONCE_LENGTH));
}

async function seal(data: Uint8Array, key: CryptoKey, additionalData: Bytes): Promise<Uint8Array> {
  return await encryptAesGcm(key, new Uint8Array(data), { additionalData });
}

async function unseal(sealed: Bytes, key: CryptoKey, additionalData: Bytes): Promise<Uint8Array> {
  try {
    return await decryptAesGcm(key, sealed, { additionalData });
  } catch (error) {
    if (error instanceof DOMException || error instanceof RangeError) throw undecryptable();
    throw error;
  }
}

/** Returns the additional data of the index, and in an older file of every part. */
function tiedData(header: Bytes, number: number, boundTo = ""): Bytes {
  const bound = new TextEncoder().encode(boundTo);
  const data = new Uint8Array(header.length + 4 + bound.length);
  data.set(header);
  viewOf(data).setUint32(header.length, number);
  data.set(bound, header.length + 4);
  return data;
}

/** Returns the additional data of a record. No header starts like that. */
function recordData(boundTo = ""): Bytes {
  return new TextEncoder().encode(`record ${boundTo}`);
}

const SHARD_DATA = new TextEncoder().encode("directory");
const SUMMARIES_DATA = new TextEncoder().encode("summaries");

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface SealedPart {
  readonly length: number;
  readonly nonce: string;
}

interface Index {
  readonly shards: readonly SealedPart[];
  /** The length of all records together. */
  readonly recordsLength: number;
}

function parseIndex(value: unknown): Index {
  if (!isJsonObject(value)) throw damagedContent("the index is not an object");
  const shards = listOf(value.shards).map(parsePart);
  const { records: recordsLength } = value;
  if (shards.length === 0 || !isOffset(recordsLength)) throw invalidEntry();
  return { shards, recordsLength };
}

function parseShard(data: Uint8Array, recordsOffset: number): IndexEntry[] {
  return listOf(parseJsonText(data)).map((row) => {
    if (!Array.isArray(row)) throw invalidEntry();
    const [kind, name, boundTo, at, length, nonce, summary]: unknown[] = row;
    if (typeof nonce !== "string" || !isOffset(at)) throw invalidEntry();
    return recordEntry(kind, name, boundTo ?? undefined, length, nonce, recordsOffset + at, summary);
  });
}

/** The index of version 1, 2 or 3. */
interface FormerIndex {
  readonly records: readonly IndexEntry[];
  /** Null in versions 1 and 2. */
  readonly summaries: SealedPart | null;
}

function parseFormerIndex(value: unknown, isTied: boolean): FormerIndex {
  if (isTied) return { records: listOf(value).map(parseTiedEntry), summaries: null };
  if (!isJsonObject(value)) throw damagedContent("the index is not an object");
  return { records: listOf(value.records).map(parseEntry), summaries: parsePart(value.summaries) };
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw damagedContent("the index is not an array");
  return value;
}

function parsePart(value: unknown): SealedPart {
  const [length, nonce] = listOf(value);
  if (!isLength(length) || typeof nonce !== "string") throw invalidEntry();
  return { length, nonce };
}

function parseEntry(entry: unknown): IndexEntry {
  if (!Array.isArray(entry)) throw invalidEntry();
  const [kind, name, boundTo, length, nonce]: unknown[] = entry;
  if (typeof nonce !== "string") throw invalidEntry();
  return recordEntry(kind, name, boundTo ?? undefined, length, nonce);
}

function parseTiedEntry(entry: unknown): IndexEntry {
  if (!isJsonObject(entry)) throw invalidEntry();
  const { kind, name, boundTo, length } = entry;
  return recordEntry(kind, name, boundTo, length, null);
}

function recordEntry(
  kind: unknown,
  name: unknown,
  boundTo: unknown,
  length: unknown,
  nonce: string | null,
  offset = 0,
  summary?: unknown,
): IndexEntry {
  if (typeof kind !== "string" || typeof name !== "string" || typeof length !== "number") {
    throw invalidEntry();
  }
  if (boundTo !== undefined && typeof boundTo !== "string") throw invalidEntry();
  if (!isLength(length)) throw damagedContent("the index has an invalid length");
  return { kind, name, boundTo, length, nonce, offset, summary };
}

function isLength(length: unknown): length is number {
  return typeof length === "number" && Number.isSafeInteger(length) && length >= SEAL_LENGTH;
}

function isOffset(offset: unknown): offset is number {
  return typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0;
}

function invalidEntry(): Error {
  return damagedContent("the index has an invalid entry");
}

function parseJsonText(data: Uint8Array): unknown {
  try {
    // Every value is validated, so its depth does not matter.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    throw damagedContent("the index is not JSON");
  }
}

/** Parses the summaries of version 3: lines of JSON, at once, which is faster than one by one. */
function parseLines(data: Uint8Array): unknown[] {
  const lines = new TextDecoder().decode(data);
  if (lines === "") return [];
  try {
    const values: unknown = JSON.parse(`[${lines.replaceAll("\n", ",")}]`);
    if (Array.isArray(values)) return values;
  } catch {
    // Reported below, without the parser's message, which quotes its input.
  }
  throw damagedContent("the summaries are not JSON");
}
