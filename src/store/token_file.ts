import { concat } from "@std/bytes/concat";
import { startsWith } from "@std/bytes/starts-with";
import { decryptAesGcm, encryptAesGcm } from "@std/crypto/aes-gcm";
import type { Bytes } from "../system/files/files.ts";
import { isJsonObject, parseJson } from "../text/json.ts";
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
 * | | sealed index: JSON, one `{kind, name, boundTo, length}` per record |
 * | | sealed records, one after the other |
 *
 * Sealed means AES-256-GCM: nonce, ciphertext, tag. The additional data of each part is the header, the part's number (0
 * for the index), and what the record is bound to, so that no part can be moved, dropped, or replaced by that of another
 * write, profile or account. Version 1 had no records that are bound. Records are sealed one
 * by one so that reading one profile costs the same however many there are. The file does not reveal the number of
 * records, but its length indicates roughly how much it contains.
 */
export interface TokenFile {
  /** Authenticated, not encrypted. */
  readonly header: TokenFileHeader;
  /** The records, in order. */
  readonly index: readonly IndexEntry[];
  /** Decrypts the record at this position of the index. @throws {CliError} `unreadable_store` */
  open(position: number): Promise<Uint8Array>;
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
}

export interface PlainRecord extends RecordLabel {
  /** The content, not encrypted. */
  readonly data: Uint8Array;
}

/** Bytes on disk or in memory. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Returns `length` bytes from `offset`; fewer at the end of the file. */
  read(offset: number, length: number): Promise<Bytes>;
}

const MAGIC = new TextEncoder().encode("EACT");
const VERSION = 2;
const FIRST_VERSION = 1;

/** The offsets of the header's parts in bytes, and its length. */
const HEADER = { version: 4, keyStore: 5, keyId: 6, random: 14, indexLength: 30, length: 34 } as const;

/** Larger files and indexes are not read: this program writes none, and they would take the memory of the machine. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

/** AES-GCM adds a nonce of 12 bytes and a tag of 16. */
const SEAL_LENGTH = 28;

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
  const recordsOffset = HEADER.length + indexLength;
  if (indexLength > MAX_INDEX_BYTES || recordsOffset > file.size) throw undecryptable();
  const index = parseIndex(
    await unseal(await file.read(HEADER.length, indexLength), key, additionalData(headerBytes, 0)),
  );

  const ends: number[] = [];
  let end = recordsOffset;
  for (const { length } of index) ends.push(end += length);
  if (end !== file.size) throw undecryptable();

  return {
    header,
    index,
    async open(position) {
      const entry = index[position];
      const recordEnd = ends[position];
      if (entry === undefined || recordEnd === undefined) throw new RangeError(`No record at ${position}`);
      const sealed = await file.read(recordEnd - entry.length, entry.length);
      return await unseal(sealed, key, additionalData(headerBytes, position + 1, entry.boundTo));
    },
  };
}

/** Formats `tokens.enc` with `records` in their order, sealed with `key`. */
export async function formatTokenFile(
  header: Omit<TokenFileHeader, "random">,
  key: CryptoKey,
  records: readonly PlainRecord[],
): Promise<Uint8Array> {
  const index = records.map(({ kind, name, boundTo, data }) => ({
    ...{ kind, name, boundTo },
    length: data.length + SEAL_LENGTH,
  }));
  const indexBytes = new TextEncoder().encode(JSON.stringify(index));

  const headerBytes = new Uint8Array(HEADER.length);
  headerBytes.set(MAGIC);
  headerBytes[HEADER.version] = VERSION;
  headerBytes[HEADER.keyStore] = header.keyStore;
  headerBytes.set(header.keyId, HEADER.keyId);
  crypto.getRandomValues(headerBytes.subarray(HEADER.random, HEADER.indexLength));
  viewOf(headerBytes).setUint32(HEADER.indexLength, indexBytes.length + SEAL_LENGTH);

  const parts = [{ data: indexBytes, boundTo: undefined }, ...records];
  const sealed = parts.map(({ data, boundTo }, number) =>
    seal(data, key, additionalData(headerBytes, number, boundTo))
  );
  return concat([headerBytes, ...await Promise.all(sealed)]);
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

function additionalData(header: Bytes, number: number, boundTo = ""): Bytes {
  const bound = new TextEncoder().encode(boundTo);
  const data = new Uint8Array(header.length + 4 + bound.length);
  data.set(header);
  viewOf(data).setUint32(header.length, number);
  data.set(bound, header.length + 4);
  return data;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function parseIndex(data: Uint8Array): IndexEntry[] {
  const value = parseIndexJson(data);
  if (!Array.isArray(value)) throw damagedContent("the index is not an array");
  return value.map((entry: unknown) => {
    if (!isJsonObject(entry)) throw damagedContent("the index has an invalid entry");
    const { kind, name, boundTo, length } = entry;
    if (typeof kind !== "string" || typeof name !== "string" || typeof length !== "number") {
      throw damagedContent("the index has an invalid entry");
    }
    if (boundTo !== undefined && typeof boundTo !== "string") {
      throw damagedContent("the index has an invalid entry");
    }
    if (!Number.isSafeInteger(length) || length < SEAL_LENGTH) {
      throw damagedContent("the index has an invalid length");
    }
    return { kind, name, boundTo, length };
  });
}

function parseIndexJson(data: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    throw damagedContent("the index is not JSON");
  }
}
