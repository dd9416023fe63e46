import "reflect-metadata"; // @peculiar/x509 asks for this polyfill to be loaded before it
import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
// @ts-types="../../../src/credentials/certificate/node_forge.d.ts"
import forge from "node-forge";

const ALGORITHM = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};
const DAY_MS = 24 * 60 * 60 * 1000;

/** A client certificate with its key, in PEM. */
export interface TestCertificate {
  readonly certificatePem: string;
  /** The key in PKCS#8. */
  readonly keyPem: string;
  /** The same key in PKCS#1. */
  readonly pkcs1Pem: string;
}

const keys: Promise<CryptoKeyPair>[] = [];

/**
 * Returns the RSA key with this number. Keys are shared within the process: generating one takes longer than the
 * tests that use it.
 */
function keyPair(number: number, bits = ALGORITHM.modulusLength): Promise<CryptoKeyPair> {
  const algorithm = { ...ALGORITHM, modulusLength: bits };
  return keys[number] ??= crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

/** What a test varies. */
interface CertificateOptions {
  /** Each number has its own key. */
  readonly key?: number;
  /** The length of a key that is not generated yet. */
  readonly bits?: number;
  /** May be negative. */
  readonly daysLeft?: number;
  readonly name?: string;
  /** The name and the key number of the issuer. By default the certificate is self-signed. */
  readonly issuer?: { readonly name: string; readonly key: number };
}

/** Creates a certificate. */
export async function makeClientCertificate(
  { key = 0, bits, daysLeft = 1, name = "Contoso nightly job", issuer = { name, key } }: CertificateOptions =
    {},
): Promise<TestCertificate> {
  const pair = await keyPair(key, bits);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer.name}`,
    publicKey: pair.publicKey,
    signingKey: (await keyPair(issuer.key)).privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now - 10 * DAY_MS),
    notAfter: new Date(now + daysLeft * DAY_MS),
  });
  const keyPem = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", pair.privateKey), "PRIVATE KEY");
  return {
    certificatePem: certificate.toString("pem"),
    keyPem,
    pkcs1Pem: forge.pki.privateKeyToPem(forge.pki.privateKeyFromPem(keyPem)),
  };
}

/** Encrypts the key of a certificate with a password: PKCS#8 in PEM. */
export function encryptKey({ keyPem }: TestCertificate, password: string): string {
  return forge.pki.encryptRsaPrivateKey(forge.pki.privateKeyFromPem(keyPem), password, {
    legacy: false,
    algorithm: "aes256",
  });
}

/** Creates a PFX file with a certificate and its key. Older versions of Windows use "3des". */
export function makePfx(
  { certificatePem, keyPem }: TestCertificate,
  password: string,
  algorithm: "aes256" | "3des" = "aes256",
): Uint8Array {
  const pfx = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(keyPem),
    [forge.pki.certificateFromPem(certificatePem)],
    password,
    { algorithm },
  );
  return Uint8Array.from(forge.asn1.toDer(pfx).getBytes(), (character) => character.charCodeAt(0));
}
