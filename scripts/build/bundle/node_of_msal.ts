/**
 * Stands in for what MSAL imports of Node and for `jsonwebtoken`, in the bundle of MSAL: loads a module of Node when MSAL
 * calls it. A sign-in and a refresh need none of them, and loading them takes longer than loading MSAL.
 *
 * `http` and `jsonwebtoken` are missing, because this program listens for the callback and signs assertions itself.
 */

import process from "node:process";
import type crypto from "node:crypto";
import type fs from "node:fs";
import type path from "node:path";

export const createHash: typeof crypto.createHash = (...args) =>
  process.getBuiltinModule("node:crypto").createHash(...args);

export const randomUUID: typeof crypto.randomUUID = () => globalThis.crypto.randomUUID();

export const accessSync: typeof fs.accessSync = (...args) =>
  process.getBuiltinModule("node:fs").accessSync(...args);

export const statSync = (file: string): fs.Stats => process.getBuiltinModule("node:fs").statSync(file);

export const readFileSync = (file: string, encoding: BufferEncoding): string =>
  process.getBuiltinModule("node:fs").readFileSync(file, encoding);

export const constants: Pick<typeof fs.constants, "F_OK" | "R_OK"> = { F_OK: 0, R_OK: 4 };

const basename: typeof path.basename = (...args) => process.getBuiltinModule("node:path").basename(...args);

const randomBytes = (size: number): Uint8Array => globalThis.crypto.getRandomValues(new Uint8Array(size));

export default { createHash, randomBytes, basename };
