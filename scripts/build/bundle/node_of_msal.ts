/**
 * Stands in for what MSAL imports of Node and for `jsonwebtoken`, in the bundle of MSAL: loads a module of Node when MSAL
 * calls it. A sign-in and a refresh need none of them, and loading them takes longer than loading MSAL.
 *
 * `http` and `jsonwebtoken` are missing, because this program listens for the callback and signs assertions itself.
 */

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
