import { decryptAesGcm } from "@std/crypto/aes-gcm";
import type { Bytes } from "../system/files/files.ts";
import { damagedContent, undecryptable } from "./store_error.ts";

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
  /** @param into A buffer of that length for the bytes. */
  read(offset: number, length: number, into?: Bytes): Promise<Bytes>;
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

/** Bytes on disk or in memory. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /**
   * Returns `length` bytes from `offset`; fewer at the end of the file.
   *
   * @param into A buffer of that length for the bytes, which may be used.
   */
  read(offset: number, length: number, into?: Bytes): Promise<Bytes>;
}

export const MAGIC = new TextEncoder().encode("EACT");
export const VERSION = 4;

/** The offsets of the header's parts in bytes, and its length. */
export const HEADER = { version: 4, keyStore: 5, keyId: 6, random: 14, indexLength: 30, length: 34 } as const;

/** AES-GCM adds a nonce of 12 bytes and a tag of 16. */
export const SEAL_LENGTH = 28;
export const NONCE_LENGTH = 12;

export interface SealedPart {
  readonly length: number;
  readonly nonce: string;
}

export interface Index {
  readonly shards: readonly SealedPart[];
  /** The length of all records together. */
  readonly recordsLength: number;
}

/** A file up to the end of its index. */
export interface FileStart {
  readonly file: ByteSource;
  readonly key: CryptoKey;
  readonly header: TokenFileHeader;
  readonly headerBytes: Bytes;
  readonly indexEnd: number;
}

/** Returns the offsets where parts end that follow each other. */
export function endsOf(
  parts: readonly { readonly length: number }[],
  start: number,
): { ends: number[]; end: number } {
  let end = start;
  const ends = parts.map(({ length }) => end += length);
  return { ends, end };
}

export async function openPart(
  key: CryptoKey,
  sealed: Bytes,
  nonce: string | null,
  additionalData: Bytes,
): Promise<Uint8Array> {
  if (nonceOf(sealed) !== nonce) throw undecryptable();
  return withoutPadding(await unseal(sealed, key, additionalData));
}

export const PADDING = 0x80;

/** Returns what comes before a byte 0x80 and zeros (ISO/IEC 7816-4). @throws {CliError} `unreadable_store` */
function withoutPadding(padded: Uint8Array): Uint8Array {
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== PADDING) throw damagedContent("a record has invalid padding");
  return padded.subarray(0, end);
}

export function nonceOf(sealed: Uint8Array): string {
  return sealed.subarray(0, NONCE_LENGTH).toBase64();
}

export async function unseal(sealed: Bytes, key: CryptoKey, additionalData: Bytes): Promise<Uint8Array> {
  try {
    return await decryptAesGcm(key, sealed, { additionalData });
  } catch (error) {
    if (error instanceof DOMException || error instanceof RangeError) throw undecryptable();
    throw error;
  }
}

/** Returns the additional data of the index, and in an older file of every part. */
export function tiedData(header: Bytes, number: number, boundTo = ""): Bytes {
  const bound = new TextEncoder().encode(boundTo);
  const data = new Uint8Array(header.length + 4 + bound.length);
  data.set(header);
  viewOf(data).setUint32(header.length, number);
  data.set(bound, header.length + 4);
  return data;
}

/** Returns the additional data of a record. No header starts like that. */
export function recordData(boundTo = ""): Bytes {
  return new TextEncoder().encode(`record ${boundTo}`);
}

export const SHARD_DATA = new TextEncoder().encode("directory");

/**
 * Returns the shard for a name, of `count`. The hash (FNV-1a) only distributes the names, and nothing secret depends on it:
 * the shards are encrypted.
 */
export function shardOf(name: string, count: number): number {
  if (count === 1) return 0;
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count;
}

export function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw damagedContent("the index is not an array");
  return value;
}

export function parsePart(value: unknown): SealedPart {
  const [length, nonce] = listOf(value);
  if (!isLength(length) || typeof nonce !== "string") throw invalidEntry();
  return { length, nonce };
}

export function recordEntry(
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

export function isLength(length: unknown): length is number {
  return typeof length === "number" && Number.isSafeInteger(length) && length >= SEAL_LENGTH;
}

export function isOffset(offset: unknown): offset is number {
  return typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0;
}

export function invalidEntry(): Error {
  return damagedContent("the index has an invalid entry");
}

export function parseJsonText(data: Uint8Array): unknown {
  try {
    // Every value is validated, so its depth does not matter.
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    throw damagedContent("the index is not JSON");
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
