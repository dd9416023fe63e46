import { concat } from "@std/bytes/concat";
import { encryptAesGcm } from "@std/crypto/aes-gcm";
import type { Bytes, FilePatch } from "../system/files/files.ts";
import {
  HEADER,
  type Index,
  type IndexEntry,
  MAGIC,
  nonceOf,
  PADDING,
  recordData,
  type RecordLabel,
  SEAL_LENGTH,
  type SealedPart,
  SHARD_DATA,
  shardOf,
  tiedData,
  type TokenFile,
  type TokenFileHeader,
  VERSION,
  viewOf,
} from "./token_file_format.ts";

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

/** The lengths of padded records, and of the sealed index, are multiples of these. */
const RECORD_BLOCK = 256;
const INDEX_BLOCK = 1024;

/** About the number of records in a shard: a list reads all shards, and a cached token one. */
const SHARD_RECORDS = 128;

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

function roundUp(length: number, block: number): number {
  return Math.ceil(length / block) * block;
}

async function seal(data: Uint8Array, key: CryptoKey, additionalData: Bytes): Promise<Uint8Array> {
  return await encryptAesGcm(key, new Uint8Array(data), { additionalData });
}
