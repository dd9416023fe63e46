/** The messages of FUSE protocol version 7, as laid out in the kernel's `fuse.h`. Numbers are little-endian. */

import { concat } from "@std/bytes/concat";

export const OPCODES = {
  lookup: 1,
  forget: 2,
  getAttributes: 3,
  setAttributes: 4,
  makeFolder: 9,
  unlink: 10,
  removeFolder: 11,
  rename: 12,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  openFolder: 27,
  readFolder: 28,
  releaseFolder: 29,
  fsyncFolder: 30,
  setLock: 32,
  setLockWait: 33,
  create: 35,
  interrupt: 36,
  batchForget: 42,
  rename2: 45,
} as const;

/** Linux error numbers that the disk can return. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  EACCES: 13,
  EEXIST: 17,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOSPC: 28,
  EROFS: 30,
  ENOLCK: 37,
  ENOSYS: 38,
  ENOTEMPTY: 39,
  EDQUOT: 122,
} as const;

/** A request of the kernel. */
export interface FuseRequest {
  readonly opcode: number;
  readonly unique: bigint;
  readonly node: number;
  /** The user and group of the calling process. */
  readonly uid: number;
  readonly gid: number;
  /** The fields of the opcode. */
  readonly body: FuseBody;
}

/** The part of a request after its header. */
export class FuseBody {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Returns the 32-bit number at this offset. */
  u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Returns the 64-bit number at this offset, which must be a safe integer. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }

  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(at, at + length);
  }

  /** Returns the NUL-terminated strings from this offset on. */
  texts(at: number): string[] {
    return new TextDecoder().decode(this.#bytes.subarray(at)).split("\0");
  }
}

const IN_HEADER_LENGTH = 40;
const OUT_HEADER_LENGTH = 16;

export function parseRequest(data: Uint8Array): FuseRequest {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return {
    opcode: view.getUint32(4, true),
    unique: view.getBigUint64(8, true),
    node: Number(view.getBigUint64(16, true)),
    uid: view.getUint32(24, true),
    gid: view.getUint32(28, true),
    body: new FuseBody(data.subarray(IN_HEADER_LENGTH)),
  };
}

/** Formats a response: an error number or a payload. */
export function formatAnswer(unique: bigint, result: number | Uint8Array): Uint8Array<ArrayBuffer> {
  const payload = typeof result === "number" ? new Uint8Array() : result;
  const answer = new Uint8Array(OUT_HEADER_LENGTH + payload.length);
  const view = new DataView(answer.buffer);
  view.setUint32(0, answer.length, true);
  view.setInt32(4, typeof result === "number" ? -result : 0, true);
  view.setBigUint64(8, unique, true);
  answer.set(payload, OUT_HEADER_LENGTH);
  return answer;
}

/** The metadata of a file or folder. */
export interface Attributes {
  readonly node: number;
  readonly size: number;
  /** The type and permission bits, as in `stat`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** Packs 32-bit numbers; a bigint takes 64 bits. */
export function packed(...numbers: readonly (number | bigint)[]): Uint8Array<ArrayBuffer> {
  const length = numbers.reduce<number>((sum, number) => sum + (typeof number === "bigint" ? 8 : 4), 0);
  const view = new DataView(new ArrayBuffer(length));
  let at = 0;
  for (const number of numbers) {
    if (typeof number === "bigint") view.setBigUint64(at, number, true);
    else view.setUint32(at, number, true);
    at += typeof number === "bigint" ? 8 : 4;
  }
  return new Uint8Array(view.buffer);
}

function attributes({ node, size, mode, uid, gid }: Attributes): Uint8Array {
  const times = [0n, 0n, 0n, 0, 0, 0] as const;
  return packed(
    BigInt(node),
    BigInt(size),
    BigInt(Math.ceil(size / 512)),
    ...times,
    mode,
    1,
    uid,
    gid,
    0,
    4096,
    0,
  );
}

/** Formats the metadata of a node, which the kernel must not cache. */
export function attributesAnswer(given: Attributes): Uint8Array {
  return concat([packed(0n, 0, 0), attributes(given)]);
}

/** Formats the response that introduces a node. */
export function entryAnswer(given: Attributes): Uint8Array {
  return concat([packed(BigInt(given.node), 0n, 0n, 0n, 0, 0), attributes(given)]);
}

/** Formats the response to an open. Reads and writes bypass the cache of the kernel. */
export function openAnswer(): Uint8Array {
  const directIo = 1;
  return packed(0n, directIo, 0);
}

/** Formats the response to the first request: the protocol version, and whether the disk implements locks. */
export function initAnswer(minor: number, doesLocks: boolean): Uint8Array {
  const flockLocks = 1 << 10;
  const spoken = Math.min(minor, 31);
  const flags = doesLocks ? flockLocks : 0;
  const background = 16 | (12 << 16);
  const maxWrite = 128 * 1024;
  return packed(7, spoken, 0, flags, background, maxWrite, 1, 0, 0, ...Array<number>(7).fill(0));
}

/** Formats one entry of a folder. `offset` is the position of the next one. */
export function folderEntry(node: number, offset: number, isFolder: boolean, name: string): Uint8Array {
  const nameBytes = new TextEncoder().encode(name);
  const padding = new Uint8Array((8 - nameBytes.length % 8) % 8);
  const folderType = 4;
  const fileType = 8;
  return concat([
    packed(BigInt(node), BigInt(offset), nameBytes.length, isFolder ? folderType : fileType),
    nameBytes,
    padding,
  ]);
}

/** Formats the size of the disk: small and half full. */
export function statfsAnswer(): Uint8Array {
  return packed(1000n, 500n, 500n, 1000n, 500n, 4096, 255, 4096, 0, 0, 0, 0, 0, 0, 0);
}
