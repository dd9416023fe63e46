import { decryptAesGcm, encryptAesGcm } from "@std/crypto/aes-gcm";
import type { Bytes } from "../system/files/files.ts";
import { damagedContent, newerTokenFile, notATokenFile, undecryptable } from "./store_error.ts";
import { concat } from "@std/bytes/concat";

/**
 * The format of `tokens.enc`. All numbers are big-endian.
 *
 * | bytes | what |
 * |---|---|
 * | 4 | magic `EACT` |
 * | 1 | version |
 * | 1 | number of the key's guardian |
 * | 8 | id of the key |
 * | 16 | random, new at every write |
 * | 4 | length of the sealed index |
 * | | sealed index: JSON, one `{kind, name, length}` for each record |
 * | | sealed records, one after the other |
 *
 * Sealed is AES-256-GCM: nonce, ciphertext, tag. What is authenticated with each part is the header and the part's
 * number (0 is the index), so that no part can be moved, dropped, or taken from another write. Records are sealed one
 * by one so that reading one profile costs the same however many there are. From outside, the number of records can't
 * be seen, but the length of the file tells roughly how much is in it.
 */
export interface TokenFile {
  /** What is authenticated and not encrypted. */
  readonly header: TokenFileHeader;
  /** What there is, in order. */
  readonly index: readonly IndexEntry[];
  /** Decrypts the record at this place of the index. @throws {CliError} `unreadable_store` */
  open(place: number): Promise<Uint8Array>;
}

/** What can be read of `tokens.enc` without its key. Nothing of it is to be trusted before something was decrypted. */
export interface TokenFileHeader {
  /** Number of the key's guardian. */
  readonly keyStore: number;
  /** Which key it was encrypted with, 8 bytes. */
  readonly keyId: Uint8Array;
  /** 16 bytes that no other write has: they tell two files apart. */
  readonly random: Uint8Array;
}

/** What a record is about. */
export interface RecordLabel {
  /** What the record holds, such as `session`. */
  readonly kind: string;
  /** Whose it is: the profile's name. */
  readonly name: string;
}

/** A record in the index. */
export interface IndexEntry extends RecordLabel {
  /** Length of the sealed record, in bytes. */
  readonly length: number;
}

/** A record before it is sealed. */
export interface PlainRecord extends RecordLabel {
  /** What it says, in the clear. */
  readonly data: Uint8Array;
}

/** The first bytes of the file. */
export const MAGIC: Uint8Array = new TextEncoder().encode("EACT");

/** The version of the format. */
export const VERSION = 1;

/** Where the parts of the header begin, in bytes, and how long it is. */
export const HEADER = { version: 4, keyStore: 5, keyId: 6, random: 14, indexLength: 30, length: 34 } as const;

/** AES-GCM adds a nonce of 12 bytes and a tag of 16. */
export const SEAL_LENGTH = 28;

/** Where the bytes of a file come from: the disk or memory. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** `length` bytes from the offset `at`; fewer where the file ends. */
  read(at: number, length: number): Promise<Bytes>;
}

/** Bytes in memory as a source. */
export function bytesInMemory(bytes: Bytes): ByteSource {
  return { size: bytes.length, read: (at, length) => Promise.resolve(bytes.subarray(at, at + length)) };
}

/** Reads the header of `tokens.enc`. @throws {CliError} `unreadable_store` for what is no such file or a newer one. */
export async function parseTokenFileHeader(file: ByteSource): Promise<TokenFileHeader> {
  const header = await file.read(0, HEADER.length);
  if (header.length === 0) throw notATokenFile("it is empty");
  if (MAGIC.some((byte, place) => header[place] !== byte)) throw notATokenFile("its first bytes are wrong");
  if (header.length < HEADER.length) throw notATokenFile("it is cut off");
  const version = viewOf(header).getUint8(HEADER.version);
  if (version > VERSION) throw newerTokenFile(version);
  if (version !== VERSION) throw notATokenFile(`format ${version} never existed`);
  return {
    keyStore: viewOf(header).getUint8(HEADER.keyStore),
    keyId: header.slice(HEADER.keyId, HEADER.random),
    random: header.slice(HEADER.random, HEADER.indexLength),
  };
}

/** Reads `tokens.enc` as far as its index. @throws {CliError} `unreadable_store` when it can't be read with this key. */
export async function parseTokenFile(file: ByteSource, key: CryptoKey): Promise<TokenFile> {
  const header = await parseTokenFileHeader(file);
  const headerBytes = await file.read(0, HEADER.length);
  const indexLength = viewOf(headerBytes).getUint32(HEADER.indexLength);
  const recordsAt = HEADER.length + indexLength;
  if (recordsAt > file.size) throw undecryptable();
  const index = parseIndex(await unseal(await file.read(HEADER.length, indexLength), key, headerBytes, 0));

  const ends: number[] = [];
  let end = recordsAt;
  for (const { length } of index) ends.push(end += length);
  if (end !== file.size) throw undecryptable();

  return {
    header,
    index,
    async open(place) {
      const entry = index[place];
      const recordEnd = ends[place];
      if (entry === undefined || recordEnd === undefined) throw new RangeError(`No record at ${place}`);
      const sealed = await file.read(recordEnd - entry.length, entry.length);
      return await unseal(sealed, key, headerBytes, place + 1);
    },
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function unseal(
  sealed: Bytes,
  key: CryptoKey,
  header: Uint8Array,
  number: number,
): Promise<Uint8Array> {
  try {
    return await decryptAesGcm(key, sealed, { additionalData: partLabel(header, number) });
  } catch (error) {
    if (error instanceof DOMException || error instanceof RangeError) throw undecryptable();
    throw error;
  }
}

/** What is authenticated with the part of this number: the header, and the number. */
export function partLabel(header: Uint8Array, number: number): Bytes {
  const label = new Uint8Array(header.length + 4);
  label.set(header);
  new DataView(label.buffer).setUint32(header.length, number);
  return label;
}

function parseIndex(data: Uint8Array): IndexEntry[] {
  const value = parseJson(data);
  if (!Array.isArray(value)) throw damagedContent("the index is not a list");
  return value.map((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) throw damagedContent("the index has a wrong entry");
    const { kind, name, length } = entry as Record<string, unknown>;
    if (typeof kind !== "string" || typeof name !== "string" || typeof length !== "number") {
      throw damagedContent("the index has a wrong entry");
    }
    if (!Number.isSafeInteger(length) || length < SEAL_LENGTH) {
      throw damagedContent("the index has a wrong length");
    }
    return { kind, name, length };
  });
}

function parseJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(data));
  } catch {
    throw damagedContent("the index is not JSON");
  }
}

/** Writes `tokens.enc`: the records in their order, sealed with this key. */
export async function formatTokenFile(
  header: Omit<TokenFileHeader, "random">,
  key: CryptoKey,
  records: readonly PlainRecord[],
): Promise<Uint8Array> {
  const index = records.map(({ kind, name, data }) => ({ kind, name, length: data.length + SEAL_LENGTH }));
  const indexText = new TextEncoder().encode(JSON.stringify(index));

  const headerBytes = new Uint8Array(HEADER.length);
  headerBytes.set(MAGIC);
  headerBytes[HEADER.version] = VERSION;
  headerBytes[HEADER.keyStore] = header.keyStore;
  headerBytes.set(header.keyId, HEADER.keyId);
  crypto.getRandomValues(headerBytes.subarray(HEADER.random, HEADER.indexLength));
  new DataView(headerBytes.buffer).setUint32(HEADER.indexLength, indexText.length + SEAL_LENGTH);

  const parts = [indexText, ...records.map(({ data }) => data)];
  const sealed = await Promise.all(parts.map((part, number) => seal(part, key, headerBytes, number)));
  return concat([headerBytes, ...sealed]);
}

async function seal(
  data: Uint8Array,
  key: CryptoKey,
  header: Uint8Array,
  number: number,
): Promise<Uint8Array> {
  return await encryptAesGcm(key, new Uint8Array(data), { additionalData: partLabel(header, number) });
}
