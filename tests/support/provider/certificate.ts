import "reflect-metadata"; // @peculiar/x509 asks for this polyfill to be loaded before it
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;
const OWN_NAMES = ["localhost", "127.0.0.1", "::1"];

/** A server certificate for this machine's own names, and the root that clients have to trust. All are PEM. */
export interface ServerCertificate {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** How a certificate differs from a valid one. */
export interface CertificateOptions {
  /** DNS names and IP addresses that it is for; this machine's own by default. */
  readonly names?: readonly string[];
  /** Days from now at which it begins and ends; from an hour ago for one day by default. */
  readonly validDays?: readonly [from: number, until: number];
}

/** Makes a new root and a certificate signed by it for localhost, 127.0.0.1 and ::1, valid for one day. */
export async function makeServerCertificate(options: CertificateOptions = {}): Promise<ServerCertificate> {
  const caKeys = await generateKeys();
  const leafKeys = await generateKeys();
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Embedded provider test root",
    keys: caKeys,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...validity(),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const leaf = await X509CertificateGenerator.create({
    subject: "CN=localhost",
    issuer: ca.subject,
    publicKey: leafKeys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...validity(options.validDays),
    extensions: leafExtensions(options.names),
  });
  return await toPem(ca, leaf, leafKeys.privateKey);
}

/** Makes a self-signed certificate. `caPem` is the certificate itself. */
export async function makeSelfSignedCertificate(): Promise<ServerCertificate> {
  const keys = await generateKeys();
  const leaf = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...validity(),
    extensions: leafExtensions(),
  });
  return await toPem(leaf, leaf, keys.privateKey);
}

async function toPem(
  ca: X509Certificate,
  leaf: X509Certificate,
  privateKey: CryptoKey,
): Promise<ServerCertificate> {
  return {
    caPem: ca.toString("pem"),
    certificatePem: leaf.toString("pem"),
    privateKeyPem: PemConverter.encode(await crypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY"),
  };
}

function leafExtensions(names: readonly string[] = OWN_NAMES) {
  return [
    new BasicConstraintsExtension(false),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? "ip" as const : "dns" as const, value })),
    ),
  ];
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

// From an hour back, for a client whose clock is a little behind.
function validity([from, until]: readonly [number, number] = [-1 / 24, 1]): {
  notBefore: Date;
  notAfter: Date;
} {
  const now = Date.now();
  return { notBefore: new Date(now + from * DAY_MS), notAfter: new Date(now + until * DAY_MS) };
}
