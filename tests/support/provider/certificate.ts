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

/** A server certificate for this machine's own names, and the root that clients have to trust. All are PEM. */
export interface ServerCertificate {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Makes a new root and, signed by it, a certificate for localhost, 127.0.0.1 and ::1, good for one day. */
export async function makeServerCertificate(): Promise<ServerCertificate> {
  const caKeys = await generateKeys();
  const leafKeys = await generateKeys();
  const validity = validityAround(Date.now());
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Embedded provider test root",
    keys: caKeys,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const leaf = await issueLeaf(ca, caKeys.privateKey, leafKeys.publicKey, validity);
  const privateKey = await crypto.subtle.exportKey("pkcs8", leafKeys.privateKey);
  return {
    caPem: ca.toString("pem"),
    certificatePem: leaf.toString("pem"),
    privateKeyPem: PemConverter.encode(privateKey, "PRIVATE KEY"),
  };
}

function issueLeaf(
  ca: X509Certificate,
  signingKey: CryptoKey,
  publicKey: CryptoKey,
  validity: { notBefore: Date; notAfter: Date },
): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    subject: "CN=localhost",
    issuer: ca.subject,
    publicKey,
    signingKey,
    signingAlgorithm: SIGNING_ALGORITHM,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(false),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
        { type: "ip", value: "::1" },
      ]),
    ],
  });
}

async function generateKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}

function validityAround(nowMs: number): { notBefore: Date; notAfter: Date } {
  // An hour back, for a client whose clock is a little behind.
  return { notBefore: new Date(nowMs - DAY_MS / 24), notAfter: new Date(nowMs + DAY_MS) };
}
