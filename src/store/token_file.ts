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
 * | | sealed index: JSON `{records, summaries}`, and spaces |
 * | | sealed summaries: a line of JSON for each record, null or what a list shows of it |
 * | | sealed records, one after the other |
 *
 * Sealed means AES-256-GCM: nonce, ciphertext, tag. The additional data of the index is the header. The index has the
 * label, the length and the nonce of every record, and the length and the nonce of the summaries. A part opens only with
 * its nonce, and no two parts ever have the same, so none can be moved, dropped, or replaced by that of another write. The
 * additional data of a record is what it is bound to: the profile and the account.
 *
 * Each record is sealed on its own, independently of its file and its place in it. So reading one profile costs the same
 * however many there are, and a write copies the records that it does not change. Every part is padded, so that a record
 * that is sealed again usually fits in the place of the former one. The file does not reveal the number of records, but its
 * length indicates roughly how much it contains.
 *
 * Versions 1 and 2 are still read. They had no summaries and no padding; the additional data of every part was the header,
 * the number of the part (0 for the index), and in version 2 what a record was bound to.
 */
export interface TokenFile {
  /** Authenticated, not encrypted. */
  readonly header: TokenFileHeader;
  /** The records, in order. */
  readonly index: readonly IndexEntry[];
  /** Decrypts the record at this position of the index. @throws {CliError} `unreadable_store` */
  open(position: number): Promise<Uint8Array>;
  /** Decrypts the summaries of the records, one line each; null in an older file. @throws {CliError} `unreadable_store` */
  summaries(): Promise<string | null>;
  /** The bytes of the parts, to copy them to the next file; null in an older file, whose parts fit no other. */
  readonly sealed: SealedParts | null;
}

/** The parts of a file as they are on the disk. */
interface SealedParts {
  readonly indexLength: number;
  readonly summariesLength: number;
  /** The length of the file. */
  readonly size: number;
  /** The offset of the record at this position of the index, or of what follows the last one. */
  offsetOf(position: number): number;
  read(offset: number, length: number): Promise<Bytes>;
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
  /** Length of the sealed record in bytes. */
  readonly length: number;
  /** The nonce of the sealed record, in base64; null in an older file. */
  readonly nonce: string | null;
}

/** A record of a file, to be kept in the next one. */
export interface KeptRecord extends RecordLabel {
  /** Its position in the index of the file. */
  readonly position: number;
}

export interface PlainRecord extends RecordLabel {
  /** The content, not encrypted. */
  readonly data: Uint8Array;
  /** The part that a list shows: one line of JSON, without secrets. */
  readonly summary?: string | undefined;
}

/** Bytes on disk or in memory. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Returns `length` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Bytes>;
}

const MAGIC = new TextEncoder().encode("EACT");
const VERSION = 3;
const FIRST_VERSION = 1;
/** The last version whose records depend on their file and their place in it. */
const LAST_TIED_VERSION = 2;

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
  const isTied = viewOf(headerBytes).getUint8(HEADER.version) <= LAST_TIED_VERSION;
  const { records: index, summaries } = parseIndex(
    await unseal(await file.read(HEADER.length, indexLength), key, tiedData(headerBytes, 0)),
    isTied,
  );

  const recordsOffset = indexEnd + (summaries?.length ?? 0);
  const ends: number[] = [];
  let end = recordsOffset;
  for (const { length } of index) ends.push(end += length);
  if (end !== file.size) throw undecryptable();
  const offsetOf = (position: number) => position === 0 ? recordsOffset : ends[position - 1] ?? end;

  const openPart = async (offset: number, { length, nonce }: SealedPart, additionalData: Bytes) => {
    const sealed = await file.read(offset, length);
    if (nonceOf(sealed) !== nonce) throw undecryptable();
    return withoutPadding(await unseal(sealed, key, additionalData));
  };
  let lines: Promise<string> | null = null;
  const openSummaries = async (part: SealedPart) =>
    new TextDecoder().decode(await openPart(indexEnd, part, SUMMARIES_DATA));
  return {
    header,
    index,
    async open(position) {
      const entry = index[position];
      if (entry === undefined) throw new RangeError(`No record at ${position}`);
      const offset = offsetOf(position);
      const { length, nonce, boundTo } = entry;
      if (nonce !== null) return await openPart(offset, { length, nonce }, recordData(boundTo));
      return await unseal(await file.read(offset, length), key, tiedData(headerBytes, position + 1, boundTo));
    },
    summaries: async () => summaries === null ? null : await (lines ??= openSummaries(summaries)),
    sealed: isTied ? null : {
      indexLength,
      summariesLength: summaries?.length ?? 0,
      size: file.size,
      offsetOf,
      read: (offset, length) => file.read(offset, length),
    },
  };
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
  const sealed = await sealRecords(records, key, source);
  const summaries = await sealSummaries(records, key, source);
  const index = indexText(sealed, summaries);
  const indexLength = roundUp(index.length + SEAL_LENGTH, INDEX_BLOCK);
  const start = await sealStart(header, index, indexLength, key);

  const recordsLength = sealed.reduce((total, { length }) => total + length, 0);
  const file = new Uint8Array(start.length + summaries.length + recordsLength);
  file.set(start);
  file.set(summaries, start.length);
  let offset = start.length + summaries.length;
  for (const run of copies(sealed)) {
    const bytes = "bytes" in run ? run.bytes : await source?.sealed?.read(run.offset, run.length);
    if (bytes === undefined) throw new TypeError("A record is kept of no file");
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}

/**
 * Returns the parts of `source` that change if its records are replaced by `records`, all others remaining in their place.
 * Returns null if that is not possible: the file has to be written as a whole.
 */
export async function patchTokenFile(
  header: Omit<TokenFileHeader, "random">,
  key: CryptoKey,
  records: readonly (PlainRecord | KeptRecord)[],
  source: TokenFile,
): Promise<FilePatch | null> {
  const { index: present, sealed: parts } = source;
  const isInPlace = records.length === present.length &&
    records.every((record, position) => "data" in record || record.position === position);
  if (parts === null || !isInPlace) return null;
  const sealed = await sealRecords(records, key, source, present);
  if (sealed.some(({ length }, position) => length !== present[position]?.length)) return null;
  const summaries = await sealSummaries(records, key, source, parts.summariesLength);
  if (summaries.length !== parts.summariesLength) return null;
  const index = indexText(sealed, summaries);
  if (index.length + SEAL_LENGTH > parts.indexLength) return null;
  const start = await sealStart(header, index, parts.indexLength, key);
  const changed = sealed.flatMap(({ bytes }, position) =>
    bytes === null ? [] : [{ at: parts.offsetOf(position), data: bytes }]
  );
  return {
    parts: [{ at: 0, data: start }, { at: start.length, data: summaries }, ...changed],
    size: parts.size,
  };
}

/** A record of the next file. */
interface SealedRecord extends IndexEntry {
  /** The sealed record; null if it is copied. */
  readonly bytes: Uint8Array | null;
  /** The offset of a record that is copied. */
  readonly offset: number;
}

/** @param slots The records that the new ones replace: one that is not longer is padded to the length of the former one. */
async function sealRecords(
  records: readonly (PlainRecord | KeptRecord)[],
  key: CryptoKey,
  source: TokenFile | null,
  slots: readonly IndexEntry[] = [],
): Promise<SealedRecord[]> {
  return await Promise.all(records.map(async (record, number) => {
    const { kind, name } = record;
    if ("data" in record) {
      const data = withPadding(record.data, (slots[number]?.length ?? 0) - SEAL_LENGTH);
      const bytes = await seal(data, key, recordData(record.boundTo));
      const { boundTo } = record;
      return { kind, name, boundTo, length: bytes.length, nonce: nonceOf(bytes), bytes, offset: 0 };
    }
    const entry = source?.index[record.position];
    const offset = source?.sealed?.offsetOf(record.position);
    if (entry === undefined || offset === undefined) throw new RangeError(`No record at ${record.position}`);
    return { ...entry, bytes: null, offset };
  }));
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

async function sealSummaries(
  records: readonly (PlainRecord | KeptRecord)[],
  key: CryptoKey,
  source: TokenFile | null,
  slotLength = 0,
): Promise<Uint8Array> {
  const isCopied = records.some((record) => "position" in record);
  const present = isCopied ? (await source?.summaries())?.split("\n") : [];
  const lines = records.map((record) =>
    ("data" in record ? record.summary : present?.[record.position]) ?? NO_SUMMARY
  );
  const text = new TextEncoder().encode(lines.join("\n"));
  return await seal(withPadding(text, slotLength - SEAL_LENGTH), key, SUMMARIES_DATA);
}

const NO_SUMMARY = "null";

function indexText(records: readonly SealedRecord[], summaries: Uint8Array): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({
    records: records.map((
      { kind, name, boundTo, length, nonce },
    ) => [kind, name, boundTo ?? null, length, nonce]),
    summaries: [summaries.length, nonceOf(summaries)],
  }));
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

const SUMMARIES_DATA = new TextEncoder().encode("summaries");

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

interface SealedPart {
  readonly length: number;
  readonly nonce: string;
}

interface Index {
  readonly records: readonly IndexEntry[];
  /** Null in an older file. */
  readonly summaries: SealedPart | null;
}

function parseIndex(data: Uint8Array, isTied: boolean): Index {
  const value = parseIndexJson(data);
  if (isTied) return { records: listOf(value).map(parseTiedEntry), summaries: null };
  if (!isJsonObject(value)) throw damagedContent("the index is not an object");
  const [length, nonce] = listOf(value.summaries);
  if (!isLength(length) || typeof nonce !== "string") throw invalidEntry();
  return { records: listOf(value.records).map(parseEntry), summaries: { length, nonce } };
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw damagedContent("the index is not an array");
  return value;
}

function parseEntry(entry: unknown): IndexEntry {
  if (!Array.isArray(entry)) throw invalidEntry();
  const [kind, name, boundTo, length, nonce]: unknown[] = entry;
  if (typeof nonce !== "string") throw invalidEntry();
  return indexEntry(kind, name, boundTo ?? undefined, length, nonce);
}

function parseTiedEntry(entry: unknown): IndexEntry {
  if (!isJsonObject(entry)) throw invalidEntry();
  const { kind, name, boundTo, length } = entry;
  return indexEntry(kind, name, boundTo, length, null);
}

function indexEntry(
  kind: unknown,
  name: unknown,
  boundTo: unknown,
  length: unknown,
  nonce: string | null,
): IndexEntry {
  if (typeof kind !== "string" || typeof name !== "string" || typeof length !== "number") {
    throw invalidEntry();
  }
  if (boundTo !== undefined && typeof boundTo !== "string") throw invalidEntry();
  if (!isLength(length)) throw damagedContent("the index has an invalid length");
  return { kind, name, boundTo, length, nonce };
}

function isLength(length: unknown): length is number {
  return typeof length === "number" && Number.isSafeInteger(length) && length >= SEAL_LENGTH;
}

function invalidEntry(): Error {
  return damagedContent("the index has an invalid entry");
}

function parseIndexJson(data: Uint8Array): unknown {
  try {
    // Every value is validated, so its depth does not matter.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    throw damagedContent("the index is not JSON");
  }
}
