// @ts-types="./node_forge.d.ts"
import forge, { type Asn1 } from "node-forge";
import {
  type Bundle,
  type CertificateFile,
  passwordWrong,
  requirePassword,
  unsupportedEncryption,
} from "./certificate_file.ts";
import {
  children,
  damaged,
  decrypt,
  type Decryption,
  decryptKeyInfo,
  derivePkcs12,
  iterationsOf,
  nameOf,
  octets,
  oidOf,
  parseAsn1,
  type Password,
  toBytes,
  toDer,
  withinTimeLimit,
} from "./decrypt.ts";

/**
 * Reads certificates and the first key from PFX (PKCS#12, RFC 7292).
 *
 * @throws {CliError} `usage` without the right password, for an unsupported algorithm, too many iterations and an invalid
 *   structure; `timeout`.
 */
export async function readPfx(content: Uint8Array, file: CertificateFile): Promise<Bundle> {
  const pfx = parsePfx(parseAsn1(forge.util.binary.raw.encode(content), file.path), file.path);
  const open = (password: Password) =>
    withinTimeLimit(file, (decryption) => openPfx(pfx, password, decryption));
  // Many files have no password or an empty one. Which of them depends on the program that wrote the file.
  const opened = await open("") ?? await open(null) ?? await open(await requirePassword(file));
  if (opened === null) throw passwordWrong(file.path);
  return opened;
}

interface Pfx {
  /** The content that the MAC protects: an AuthenticatedSafe. */
  readonly content: string;
  readonly mac: Asn1 | undefined;
}

function parsePfx(pfx: Asn1, path: string): Pfx {
  const [, safe, mac] = children(pfx, path);
  return { content: dataOf(safe, path), mac };
}

const { data, encryptedData, certBag, keyBag, pkcs8ShroudedKeyBag, safeContentsBag, x509Certificate } =
  forge.pki.oids;

/** Returns the data of a ContentInfo. @throws {CliError} `usage` for a file that is signed or encrypted otherwise. */
function dataOf(info: Asn1 | undefined, path: string): string {
  const [type, content] = children(info, path);
  const oid = oidOf(type, path);
  if (oid !== data) throw unsupportedEncryption(path, nameOf(oid));
  return octets(children(content, path)[0], path);
}

/** Returns null if the password is wrong. */
async function openPfx(
  { content, mac }: Pfx,
  password: Password,
  decryption: Decryption,
): Promise<Bundle | null> {
  if (mac !== undefined && !await isIntact(content, mac, password, decryption)) return null;
  const certificates: Uint8Array[] = [];
  let key: Uint8Array | null = null;
  const { path } = decryption;
  for (const info of children(parseAsn1(content, path), path)) {
    const safe = await openSafe(info, password, decryption);
    if (safe === null) return null;
    for (const { oid, value } of bagsIn(safe, path)) {
      if (oid === certBag) certificates.push(...certificateIn(value, path));
      else if (oid === keyBag) key ??= toDer(value);
      else if (oid === pkcs8ShroudedKeyBag && key === null) {
        key = await decryptKeyInfo(value, password, decryption);
        if (key === null) return null;
      }
    }
  }
  return { certificates, key: key === null ? null : { type: "pkcs8", der: key } };
}

const MAC_HASHES: Readonly<Record<string, string>> = {
  sha1: "SHA-1",
  sha256: "SHA-256",
  sha384: "SHA-384",
  sha512: "SHA-512",
};

/** Compares the MAC. It differs if the password is wrong or the content was changed. */
async function isIntact(
  content: string,
  mac: Asn1,
  password: Password,
  decryption: Decryption,
): Promise<boolean> {
  const { path } = decryption;
  const [info, salt, count] = children(mac, path);
  const [algorithm, expected] = children(info, path);
  const name = nameOf(oidOf(children(algorithm, path)[0], path));
  const hash = MAC_HASHES[name];
  if (hash === undefined) throw unsupportedEncryption(path, name);
  const iterations = count === undefined ? 1 : iterationsOf(count, path);
  const secret = await derivePkcs12({
    hash: name,
    password,
    salt: octets(salt, path),
    iterations,
    purpose: 3,
    bytes: octets(expected, path).length,
  }, decryption);
  const key = await crypto.subtle.importKey("raw", toBytes(secret), { name: "HMAC", hash }, false, [
    "verify",
  ]);
  return await crypto.subtle.verify("HMAC", key, toBytes(octets(expected, path)), toBytes(content));
}

/** Returns the SafeContents of a ContentInfo, or null if the password is wrong. */
async function openSafe(info: Asn1, password: Password, decryption: Decryption): Promise<Asn1 | null> {
  const { path } = decryption;
  const [type, content] = children(info, path);
  if (oidOf(type, path) !== encryptedData) return parseAsn1(dataOf(info, path), path);
  const [, encrypted] = children(children(content, path)[0], path);
  const [, algorithm, bytes] = children(encrypted, path);
  return await decrypt(algorithm, octets(bytes, path), password, decryption);
}

interface Bag {
  readonly oid: string;
  readonly value: Asn1;
}

function bagsIn(safe: Asn1, path: string): Bag[] {
  return children(safe, path).flatMap((bag) => {
    const [type, wrapped] = children(bag, path);
    const [value] = children(wrapped, path);
    if (value === undefined) throw damaged(path);
    const oid = oidOf(type, path);
    return oid === safeContentsBag ? bagsIn(value, path) : [{ oid, value }];
  });
}

function certificateIn(bag: Asn1, path: string): Uint8Array[] {
  const [type, wrapped] = children(bag, path);
  if (oidOf(type, path) !== x509Certificate) return [];
  return [toBytes(octets(children(wrapped, path)[0], path))];
}
