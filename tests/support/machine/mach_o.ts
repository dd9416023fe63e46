/** A Mach-O executable as far as macOS checks its signature before it starts it. */
export interface MachO {
  readonly cpu: "x86_64" | "arm64";
  /** The oldest macOS that starts it, as `11.0`. */
  readonly oldestSystem: string;
  /** The end of the last segment, which holds the signature. */
  readonly linkEditEnd: number;
  readonly signature: CodeSignature | null;
}

export interface CodeSignature {
  readonly identifier: string;
  /** Whether it is made without a certificate. */
  readonly isAdHoc: boolean;
  /** The end of what is signed, and the start of the signature. */
  readonly limit: number;
  readonly start: number;
  readonly end: number;
  /** The pages whose hash is not the one in the signature. */
  readonly wrongPages: readonly number[];
}

/** Reads a little-endian 64-bit Mach-O file. The numbers are those of Apple's loader.h and cs_blobs.h. */
export async function readMachO(file: Uint8Array<ArrayBuffer>): Promise<MachO> {
  const view = new DataView(file.buffer);
  if (view.getUint32(0, true) !== 0xfeedfacf) throw new Error("not a 64-bit Mach-O file");
  const cpu = ({ 0x1000007: "x86_64", 0x100000c: "arm64" } as const)[view.getUint32(4, true)];
  if (cpu === undefined) throw new Error("unknown processor");
  let oldestSystem = "";
  let linkEditEnd = 0;
  let signature: CodeSignature | null = null;
  for (let at = 32, left = view.getUint32(16, true); left > 0; left--) {
    const [command, size] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if (command === 0x24) oldestSystem = version(view.getUint32(at + 8, true));
    if (command === 0x32) oldestSystem = version(view.getUint32(at + 12, true));
    if (command === 0x19 && cString(file, at + 8) === "__LINKEDIT") {
      linkEditEnd = Number(view.getBigUint64(at + 40, true) + view.getBigUint64(at + 48, true));
    }
    if (command === 0x1d) {
      signature = await readSignature(file, view.getUint32(at + 8, true), view.getUint32(at + 12, true));
    }
    at += size;
  }
  return { cpu, oldestSystem, linkEditEnd, signature };
}

async function readSignature(
  file: Uint8Array<ArrayBuffer>,
  start: number,
  size: number,
): Promise<CodeSignature> {
  const view = new DataView(file.buffer);
  const word = (at: number) => view.getUint32(at);
  if (word(start) !== 0xfade0cc0) throw new Error("the signature is no super blob");
  if (word(start + 4) > size) throw new Error("the super blob is longer than the signature");
  for (let entry = start + 12, left = word(start + 8); left > 0; left--, entry += 8) {
    const directory = start + word(entry + 4);
    if (word(entry) !== 0 || word(directory) !== 0xfade0c02) continue;
    const [hashes, slots, limit] = [
      directory + word(directory + 16),
      word(directory + 28),
      word(directory + 32),
    ];
    const [hashSize, hashType, pageBits] = [36, 37, 39].map((at) => view.getUint8(directory + at));
    if (hashType !== 2 || hashSize !== 32 || pageBits === undefined) throw new Error("not SHA-256");
    if (directory + word(directory + 4) !== hashes + slots * 32) {
      throw new Error("the directory has another length");
    }
    if (slots !== Math.ceil(limit / 2 ** pageBits)) throw new Error("pages without a hash");
    const wrongPages: number[] = [];
    for (let slot = 0; slot < slots; slot++) {
      const page = file.subarray(slot * 2 ** pageBits, Math.min((slot + 1) * 2 ** pageBits, limit));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", page));
      const expected = file.subarray(hashes + slot * 32, hashes + (slot + 1) * 32);
      if (!digest.every((byte, at) => byte === expected[at])) wrongPages.push(slot);
    }
    return {
      identifier: cString(file, directory + word(directory + 20)),
      isAdHoc: (word(directory + 12) & 2) !== 0,
      limit,
      start,
      end: start + size,
      wrongPages,
    };
  }
  throw new Error("no code directory");
}

function version(packed: number): string {
  return `${packed >> 16}.${(packed >> 8) & 0xff}`;
}

function cString(file: Uint8Array, at: number): string {
  return new TextDecoder().decode(file.subarray(at, file.indexOf(0, at)));
}
