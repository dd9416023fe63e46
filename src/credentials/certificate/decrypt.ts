/**
 * Decrypts what a password protects in certificate files: PBES2 (RFC 8018), the schemes of PKCS#12 (RFC 7292 appendix C)
 * and encrypted PKCS#1 (RFC 1421). WebCrypto derives and decrypts if it has the algorithm, node-forge has the others.
 */

// @ts-types="./node_forge.d.ts"
import forge, { type Asn1, type Cipher, type Hash } from "node-forge";
import { abortable } from "@std/async/abortable";
import { delay } from "@std/async/delay";
import { CliError } from "../../errors.ts";
import {
  type CertificateFile,
  derivationTimeout,
  passwordWrong,
  type PrivateKeyDer,
  requirePassword,
  tooManyIterations,
  unrecognized,
  unsupportedEncryption,
} from "./certificate_file.ts";

/** A password. PKCS#12 distinguishes an empty one from none (RFC 7292 appendix B.1). */
export type Password = string | null;

/** A file while keys are derived from one password. */
export type Decryption = Pick<CertificateFile, "path" | "signal">;

/** Runs `work` within the time limit of the file. @throws {CliError} `timeout` */
export async function withinTimeLimit<T>(
  { path, signal, timeoutMs }: CertificateFile,
  work: (decryption: Decryption) => Promise<T>,
): Promise<T> {
  if (timeoutMs === undefined) return await work({ path, signal });
  const limit = new AbortController();
  const time = AbortSignal.timeout(timeoutMs);
  const expire = () => limit.abort(derivationTimeout(path, timeoutMs));
  time.addEventListener("abort", expire);
  try {
    return await work({ path, signal: AbortSignal.any([signal, limit.signal]) });
  } finally {
    time.removeEventListener("abort", expire);
  }
}

/**
 * Decrypts a key in PEM: PKCS#8, or PKCS#1 with a `DEK-Info` header.
 *
 * @throws {CliError} `usage` without the right password, for an unsupported algorithm and for too many iterations;
 *   `timeout`.
 */
export async function decryptPemKey(
  pem: string,
  body: string,
  file: CertificateFile,
): Promise<PrivateKeyDer> {
  const { path } = file;
  const algorithm = /^DEK-Info: *([^,\s]+)/m.exec(body)?.[1];
  if (algorithm !== undefined) {
    if (!PEM_CIPHERS.has(algorithm)) throw unsupportedEncryption(path, algorithm);
    return decryptPkcs1(pem, await requirePassword(file), path);
  }
  const encrypted = parseAsn1(forge.util.decode64(body), path);
  const password = await requirePassword(file);
  const key = await withinTimeLimit(file, (decryption) => decryptKeyInfo(encrypted, password, decryption));
  if (key === null) throw passwordWrong(path);
  return { type: "pkcs8", der: key };
}

/** Of those that node-forge decrypts, the ones that OpenSSL still writes. */
const PEM_CIPHERS = new Set(["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC", "DES-CBC"]);

function decryptPkcs1(pem: string, password: string, path: string): PrivateKeyDer {
  let key = null;
  try {
    key = forge.pki.decryptRsaPrivateKey(pem, forge.util.encodeUtf8(password));
  } catch {
    // The decrypted text is no key. The library's message may quote it.
  }
  if (key === null) throw passwordWrong(path);
  return { type: "pkcs1", der: toDer(forge.pki.privateKeyToAsn1(key)) };
}

/** Decrypts an EncryptedPrivateKeyInfo (RFC 5958 section 3). Returns null if the password is wrong. */
export async function decryptKeyInfo(
  encrypted: Asn1,
  password: Password,
  decryption: Decryption,
): Promise<Uint8Array | null> {
  const [algorithm, data] = children(encrypted, decryption.path);
  const key = await decrypt(algorithm, octets(data, decryption.path), password, decryption);
  return key === null ? null : toDer(key);
}

const { pkcs5PBES2, pkcs5PBKDF2 } = forge.pki.oids;

/** Decrypts `data` with an AlgorithmIdentifier. Returns null if the password is wrong. */
export async function decrypt(
  identifier: Asn1 | undefined,
  data: string,
  password: Password,
  decryption: Decryption,
): Promise<Asn1 | null> {
  const { path } = decryption;
  const [algorithm, parameters] = children(identifier, path);
  const oid = oidOf(algorithm, path);
  const work = oid === pkcs5PBES2
    ? decryptPbes2(parameters, data, password ?? "", decryption)
    : decryptPkcs12(oid, parameters, data, password, decryption);
  const plain = await work;
  if (plain === null) return null;
  try {
    return forge.asn1.fromDer(plain);
  } catch {
    // A wrong password can leave valid padding.
    return null;
  }
}

/** The ciphers of PBES2 that node-forge has and WebCrypto lacks. */
const DES_KEY_BYTES: Readonly<Record<string, number>> = { "des-EDE3-CBC": 24, desCBC: 8 };
const AES_KEY_BYTES: Readonly<Record<string, number>> = {
  "aes128-CBC": 16,
  "aes192-CBC": 24,
  "aes256-CBC": 32,
};

async function decryptPbes2(
  parameters: Asn1 | undefined,
  data: string,
  password: string,
  decryption: Decryption,
): Promise<string | null> {
  const { path } = decryption;
  const [derivation, encryption] = children(parameters, path);
  const [cipher, ivNode] = children(encryption, path);
  const name = nameOf(oidOf(cipher, path));
  const aesBytes = AES_KEY_BYTES[name];
  const keyBytes = aesBytes ?? DES_KEY_BYTES[name];
  if (keyBytes === undefined) throw unsupportedEncryption(path, name);
  const iv = octets(ivNode, path);
  const key = await derivePbkdf2(derivation, keyBytes, password, decryption);
  if (aesBytes === undefined) {
    return finish(forge.des.createDecryptionCipher(forge.util.binary.raw.encode(key)), iv, data);
  }
  try {
    const aes = await crypto.subtle.importKey("raw", key, "AES-CBC", false, ["decrypt"]);
    const plain = await crypto.subtle.decrypt({ name: "AES-CBC", iv: toBytes(iv) }, aes, toBytes(data));
    return forge.util.binary.raw.encode(new Uint8Array(plain));
  } catch {
    return null;
  }
}

const PBKDF2_HASHES: Readonly<Record<string, string>> = {
  hmacWithSHA1: "SHA-1",
  hmacWithSHA256: "SHA-256",
  hmacWithSHA384: "SHA-384",
  hmacWithSHA512: "SHA-512",
};

/** Passwords are UTF-8 (RFC 8018 section 3). */
async function derivePbkdf2(
  identifier: Asn1 | undefined,
  keyBytes: number,
  password: string,
  { path, signal }: Decryption,
): Promise<Uint8Array<ArrayBuffer>> {
  const [algorithm, parameters] = children(identifier, path);
  const oid = oidOf(algorithm, path);
  if (oid !== pkcs5PBKDF2) throw unsupportedEncryption(path, nameOf(oid));
  const [salt, count, ...optional] = children(parameters, path);
  const prf = optional.find(({ type }) => type === forge.asn1.Type.SEQUENCE);
  const prfName = prf === undefined ? "hmacWithSHA1" : nameOf(oidOf(children(prf, path)[0], path));
  const hash = PBKDF2_HASHES[prfName];
  if (hash === undefined) throw unsupportedEncryption(path, prfName);
  const iterations = iterationsOf(count, path);
  const secret = new TextEncoder().encode(password);
  const key = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", hash, salt: toBytes(octets(salt, path)), iterations };
  return new Uint8Array(await abortable(crypto.subtle.deriveBits(derivation, key, keyBytes * 8), signal));
}

interface Pkcs12Cipher {
  readonly keyBytes: number;
  readonly open: (key: string) => Cipher;
}

const PKCS12_CIPHERS: Readonly<Record<string, Pkcs12Cipher>> = {
  "1.2.840.113549.1.12.1.3": { keyBytes: 24, open: (key) => forge.des.createDecryptionCipher(key) },
  "1.2.840.113549.1.12.1.5": { keyBytes: 16, open: (key) => forge.rc2.createDecryptionCipher(key, 128) },
  "1.2.840.113549.1.12.1.6": { keyBytes: 5, open: (key) => forge.rc2.createDecryptionCipher(key, 40) },
};

/** Of all these ciphers. */
const PKCS12_IV_BYTES = 8;

async function decryptPkcs12(
  oid: string,
  parameters: Asn1 | undefined,
  data: string,
  password: Password,
  decryption: Decryption,
): Promise<string | null> {
  const { path } = decryption;
  const cipher = PKCS12_CIPHERS[oid];
  if (cipher === undefined) throw unsupportedEncryption(path, nameOf(oid));
  const [salt, count] = children(parameters, path);
  const source = { hash: "sha1", password, salt: octets(salt, path), iterations: iterationsOf(count, path) };
  const key = await derivePkcs12({ ...source, purpose: 1, bytes: cipher.keyBytes }, decryption);
  const iv = await derivePkcs12({ ...source, purpose: 2, bytes: PKCS12_IV_BYTES }, decryption);
  return finish(cipher.open(key), iv, data);
}

function finish(cipher: Cipher, iv: string, data: string): string | null {
  cipher.start(iv);
  cipher.update(forge.util.createBuffer(data));
  return cipher.finish() ? cipher.output.getBytes() : null;
}

/** Parameters of {@linkcode derivePkcs12}. */
export interface Pkcs12Derivation {
  /** node-forge's name of the hash. */
  readonly hash: string;
  readonly password: Password;
  readonly salt: string;
  readonly iterations: number;
  /** 1 for a key, 2 for an initialization vector, 3 for a MAC key (RFC 7292 appendix B.3). */
  readonly purpose: 1 | 2 | 3;
  readonly bytes: number;
}

/** Thrown for a repeated hash that has not been computed. */
class HashNeeded extends Error {
  constructor(readonly input: string) {
    super("hash needed");
  }
}

/**
 * Derives from a password as PKCS#12 does (RFC 7292 appendix B.2).
 *
 * The library would hash without a pause, and no signal would arrive. So it is asked for one iteration, and its hash is a
 * table of the repeated hashes, which are computed in between.
 */
export async function derivePkcs12(
  { hash, password, salt, iterations, purpose, bytes }: Pkcs12Derivation,
  { path, signal }: Decryption,
): Promise<string> {
  const digest = forge.md[hash]?.create();
  if (digest === undefined) throw unsupportedEncryption(path, hash);
  const repeated = new Map<string, string>();
  let input = "";
  const table = {
    digestLength: digest.digestLength,
    blockLength: digest.blockLength,
    start: () => table,
    update(text: string) {
      input = text;
      return table;
    },
    digest() {
      const found = repeated.get(input);
      if (found === undefined) throw new HashNeeded(input);
      return forge.util.createBuffer(found);
    },
  };
  while (true) {
    try {
      const buffer = forge.util.createBuffer(salt);
      return forge.pki.pbe.generatePkcs12Key(password, buffer, purpose, 1, bytes, table).getBytes();
    } catch (error) {
      if (!(error instanceof HashNeeded)) throw error;
      repeated.set(error.input, await hashRepeatedly(digest, error.input, iterations, signal));
    }
  }
}

async function hashRepeatedly(
  hash: Hash,
  bytes: string,
  iterations: number,
  signal: AbortSignal,
): Promise<string> {
  let hashed = bytes;
  for (let round = 0; round < iterations; round++) {
    if (round % ROUNDS_PER_TURN === 0) await delay(0, { signal });
    hashed = hash.start().update(hashed).digest().getBytes();
  }
  return hashed;
}

/** About 20 ms. */
const ROUNDS_PER_TURN = 4096;

/** Ten times what password managers recommend for a decade. */
const MAX_ITERATIONS = 10_000_000;

/** Reads an iteration count. @throws {CliError} `usage` if it is more than this program computes. */
export function iterationsOf(node: Asn1 | undefined, path: string): number {
  const bytes = toBytes(primitive(node, forge.asn1.Type.INTEGER, path));
  // Negative numbers become huge.
  const count = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (!(count >= 1 && count <= MAX_ITERATIONS)) throw tooManyIterations(path, count, MAX_ITERATIONS);
  return count;
}

/** Parses BER. @throws {CliError} `usage` */
export function parseAsn1(bytes: string, path: string): Asn1 {
  try {
    return forge.asn1.fromDer(bytes);
  } catch {
    throw unrecognized(path);
  }
}

/** Returns the elements of a constructed value. @throws {CliError} `usage` */
export function children(node: Asn1 | undefined, path: string): readonly Asn1[] {
  if (node === undefined || typeof node.value === "string") throw damaged(path);
  return node.value;
}

/** Returns the content of an OCTET STRING, which BER may divide. @throws {CliError} `usage` */
export function octets(node: Asn1 | undefined, path: string): string {
  if (node === undefined) throw damaged(path);
  return typeof node.value === "string" ? node.value : node.value.map((part) => octets(part, path)).join("");
}

/** Returns an OBJECT IDENTIFIER in dots. @throws {CliError} `usage` */
export function oidOf(node: Asn1 | undefined, path: string): string {
  return forge.asn1.derToOid(primitive(node, forge.asn1.Type.OID, path));
}

function primitive(node: Asn1 | undefined, type: number, path: string): string {
  if (node === undefined || node.type !== type || typeof node.value !== "string") throw damaged(path);
  return node.value;
}

/** Names that node-forge lacks. */
const NAMES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.5.14": "PBMAC1",
  "1.2.840.113549.1.5.3": "pbeWithMD5AndDES-CBC",
  "1.2.840.113549.1.5.10": "pbeWithSHA1AndDES-CBC",
  "1.3.6.1.4.1.11591.4.11": "scrypt",
};

/** Returns the name of an algorithm, or its OBJECT IDENTIFIER if it has none here. */
export function nameOf(oid: string): string {
  return NAMES[oid] ?? forge.pki.oids[oid] ?? oid;
}

/** Returns the error for a file whose structure is not that of its format. */
export function damaged(path: string): CliError {
  return new CliError("usage", `${path} is damaged: its structure is invalid`, {
    hint: "Export the certificate with its key again.",
  });
}

/** Encodes a value as DER. */
export function toDer(node: Asn1): Uint8Array<ArrayBuffer> {
  return toBytes(forge.asn1.toDer(node).getBytes());
}

/** Converts the library's form of bytes, a string with one character each. */
export function toBytes(binary: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
