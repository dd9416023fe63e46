/**
 * Stands in for what MSAL imports of Node and for `jsonwebtoken`, in the bundle of MSAL: loads a module of Node when MSAL
 * calls it. A sign-in and a refresh need none of them, and loading them takes longer than loading MSAL.
 *
 * `http` and `jsonwebtoken` are missing, because this program listens for the callback and signs assertions itself.
 */

import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { decodeHex } from "@std/encoding/hex";
import type { Hash } from "node:crypto";
import type { Stats } from "node:fs";

export function createHash(algorithm: string): Hash {
  return globalThis.process.getBuiltinModule("node:crypto").createHash(algorithm);
}

export function randomUUID(): string {
  return crypto.randomUUID();
}

export function accessSync(path: string, mode: number): void {
  globalThis.process.getBuiltinModule("node:fs").accessSync(path, mode);
}

export function statSync(path: string): Stats {
  return globalThis.process.getBuiltinModule("node:fs").statSync(path);
}

export function readFileSync(path: string, encoding: BufferEncoding): string {
  return globalThis.process.getBuiltinModule("node:fs").readFileSync(path, encoding);
}

/** The bytes of a text, as MSAL uses Node's `Buffer`. */
interface TextBytes {
  toString(encoding: "utf8" | "base64"): string;
}

/** The part of Node's `Buffer` that MSAL uses: base64 in both directions, and the length of UTF-8. */
export const Buffer: {
  from(text: string, encoding?: string): TextBytes;
  byteLength(text: string): number;
} = {
  from(text, encoding = "utf8") {
    const bytes = bytesOf(text, encoding);
    return {
      toString: (target) => target === "utf8" ? new TextDecoder().decode(bytes) : encodeBase64(bytes),
    };
  },
  byteLength: (text) => new TextEncoder().encode(text).length,
};

/** Reads base64 like Node, without its padding, and past other characters. */
function bytesOf(text: string, encoding: string): Uint8Array {
  switch (encoding) {
    case "utf8":
      return new TextEncoder().encode(text);
    case "base64": {
      const digits = text.replaceAll("-", "+").replaceAll("_", "/").replace(/=.*$|[^A-Za-z0-9+/]/gs, "");
      return decodeBase64(digits.length % 4 === 1 ? digits.slice(0, -1) : digits);
    }
    case "hex":
      return decodeHex(text);
    default:
      throw new TypeError(`Unknown encoding ${encoding}`);
  }
}

/** The modes of `accessSync()` that MSAL asks for (POSIX). */
export const constants = { F_OK: 0, R_OK: 4 } as const;

/** The members that MSAL calls on the modules `crypto` and `path` themselves. */
const members: {
  readonly createHash: typeof createHash;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly basename: (path: string) => string;
} = {
  createHash,
  randomBytes: (size) => crypto.getRandomValues(new Uint8Array(size)),
  basename: (path) => globalThis.process.getBuiltinModule("node:path").basename(path),
};

export default members;
