/**
 * Renames the ad-hoc signature that `deno compile` gives an executable for macOS on ARM, whose identifier is that of every
 * such executable. Formats: Apple's xnu, EXTERNAL_HEADERS/mach-o/loader.h and osfmk/kern/cs_blobs.h.
 */

import { createHash } from "node:crypto";

const MACH_O_64 = 0xfeedfacf;
const SEGMENT_64 = 0x19;
const CODE_SIGNATURE = 0x1d;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const SHA_256 = 2;
const PAGE = 0x4000;

/** Offsets in a code directory. */
const CD = {
  length: 4,
  hashOffset: 16,
  identOffset: 20,
  slots: 28,
  limit: 32,
  hashSize: 36,
  hashType: 37,
  pageSize: 39,
};

/** The load commands that the length of the signature is written into. */
interface Places {
  readonly linkEdit: number;
  readonly signature: number;
}

function findPlaces(view: DataView): Places | null {
  if (view.getUint32(0, true) !== MACH_O_64) {
    throw new Error("Invalid executable for macOS: expected 64-bit Mach-O");
  }
  let at = 32;
  let linkEdit, signature;
  for (let left = view.getUint32(16, true); left > 0; left--) {
    const command = view.getUint32(at, true);
    if (command === CODE_SIGNATURE) signature = at;
    if (command === SEGMENT_64 && textAt(view, at + 8) === "__LINKEDIT") linkEdit = at;
    at += view.getUint32(at + 4, true);
  }
  return linkEdit === undefined || signature === undefined ? null : { linkEdit, signature };
}

function textAt(view: DataView, at: number): string {
  let text = "";
  for (let code; (code = view.getUint8(at)) !== 0; at++) text += String.fromCharCode(code);
  return text;
}

/**
 * Returns the executable with `identifier` in its signature, or unchanged if it has none. Throws an `Error` if the
 * signature is not an ad-hoc one with SHA-256 and nothing else.
 */
export function withIdentifier(file: Uint8Array<ArrayBuffer>, identifier: string): Uint8Array<ArrayBuffer> {
  const old = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const places = findPlaces(old);
  if (places === null) return file;
  const start = old.getUint32(places.signature + 8, true);
  const isPlain = old.getUint32(start) === SUPER_BLOB && old.getUint32(start + 8) === 1;
  const directory = start + old.getUint32(start + 16);
  if (
    !isPlain || old.getUint32(directory) !== CODE_DIRECTORY ||
    old.getUint8(directory + CD.hashType) !== SHA_256
  ) {
    throw new Error(
      "Invalid signature of the executable for macOS: expected one code directory with SHA-256",
    );
  }
  const identOffset = old.getUint32(directory + CD.identOffset);
  const name = new TextEncoder().encode(`${identifier}\0`);
  const [slots, size] = [old.getUint32(directory + CD.slots), old.getUint8(directory + CD.hashSize)];
  const hashOffset = identOffset + name.length;
  const length = hashOffset + slots * size;
  const blob = directory - start;

  const signed = new Uint8Array(start + blob + length);
  signed.set(file.subarray(0, directory + identOffset));
  signed.set(name, directory + identOffset);
  const view = new DataView(signed.buffer);
  view.setUint32(start + 4, blob + length);
  view.setUint32(directory + CD.length, length);
  view.setUint32(directory + CD.hashOffset, hashOffset);
  view.setUint32(places.signature + 12, blob + length, true);
  const offset = Number(view.getBigUint64(places.linkEdit + 40, true));
  const fileSize = signed.length - offset;
  view.setBigUint64(places.linkEdit + 48, BigInt(fileSize), true);
  view.setBigUint64(places.linkEdit + 32, BigInt(Math.ceil(fileSize / PAGE) * PAGE), true);
  hashPages(signed, { directory, slots, size, hashOffset });
  return signed;
}

interface Hashes {
  readonly directory: number;
  readonly slots: number;
  readonly size: number;
  readonly hashOffset: number;
}

function hashPages(file: Uint8Array<ArrayBuffer>, { directory, slots, size, hashOffset }: Hashes): void {
  const view = new DataView(file.buffer);
  const page = 2 ** view.getUint8(directory + CD.pageSize);
  const limit = view.getUint32(directory + CD.limit);
  for (let slot = 0; slot < slots; slot++) {
    const content = file.subarray(slot * page, Math.min((slot + 1) * page, limit));
    file.set(createHash("sha256").update(content).digest(), directory + hashOffset + slot * size);
  }
}
