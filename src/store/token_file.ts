import { startsWith } from "@std/bytes/starts-with";
import type { Bytes } from "../system/files/files.ts";
import { isJsonObject } from "../text/json.ts";
import { damagedContent, invalidTokenFile, newerTokenFile, undecryptable } from "./store_error.ts";
import {
  type ByteSource,
  endsOf,
  type FileStart,
  HEADER,
  type Index,
  type IndexEntry,
  invalidEntry,
  isOffset,
  listOf,
  MAGIC,
  openPart,
  parseJsonText,
  parsePart,
  recordData,
  recordEntry,
  type SealedPart,
  SHARD_DATA,
  shardOf,
  tiedData,
  type TokenFile,
  type TokenFileHeader,
  unseal,
  VERSION,
  viewOf,
} from "./token_file_format.ts";

const FIRST_VERSION = 1;
/** The last version without shards. */
const LAST_UNSHARDED_VERSION = 3;

const SHARDS_AT_ONCE = 8;

/** Larger files and indexes are not read: this program writes none, and they would take the memory of the machine. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

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
    const { formerFile } = await import("./former_token_file.ts");
    return formerFile({ file, key, header, headerBytes, indexEnd }, index, version);
  }
  return shardedFile({ file, key, header, headerBytes, indexEnd }, parseIndex(index));
}

/** No part opens with it. */
const EMPTY: SealedPart = { length: 0, nonce: "" };

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
      for (const opened of await Promise.allSettled(some.map((_, number) => openShard(first + number)))) {
        if (opened.status === "rejected") throw opened.reason;
        yield opened.value;
      }
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
      read: (offset, length, into) => file.read(offset, length, into),
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
