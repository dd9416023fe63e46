import type { KeyObject, X509Certificate } from "node:crypto";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { ClientCertificate } from "../client_credential.ts";
import {
  type Bundle,
  type CertificateFile,
  LockedFileError,
  notRsa,
  type PrivateKeyDer,
} from "./certificate_file.ts";

/** What {@linkcode readCertificate} needs. */
export interface CertificateOptions extends CertificateFile {
  /** Whether assertions carry the certificate and its issuers. */
  readonly sendChain: boolean;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Reads a certificate and its key from the content of a PEM or PFX file, or of a PFX file in Base64.
 *
 * @throws {CliError} `usage` for a file without certificate or key, a wrong password, an unsupported encryption, a key that
 *   is not RSA, too short or does not belong to the certificate, and a certificate that is expired or not yet valid;
 *   `timeout`.
 */
export async function readCertificate(
  content: Uint8Array<ArrayBuffer>,
  { sendChain, nowMs, ...file }: CertificateOptions,
): Promise<ClientCertificate> {
  const { path } = file;
  const bundle = await readBundle(content, file);
  const { certificates, key } = await parseBundle(bundle, path);
  const certificate = leafOf(certificates, key, path);
  validateLength(key, path);
  validateValidity(certificate, path, nowMs);
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(certificate.raw));
  return {
    thumbprintSha256: encodeHex(digest),
    privateKeyPem: new Secret(String(key.export({ type: "pkcs8", format: "pem" }))),
    chainPem: sendChain ? chainOf(certificate, certificates).map(String).join("") : null,
  };
}

/**
 * Checks the content of a certificate file, and reports whether the password opens it.
 *
 * @throws {CliError} What {@linkcode readCertificate} throws for anything but the password.
 */
export async function opensCertificate(
  content: Uint8Array<ArrayBuffer>,
  password: Secret | null,
  options: Omit<CertificateOptions, "password" | "sendChain">,
): Promise<boolean> {
  try {
    await readCertificate(content, {
      ...options,
      sendChain: false,
      password: () => Promise.resolve(password),
    });
    return true;
  } catch (error) {
    if (error instanceof LockedFileError) return false;
    throw error;
  }
}

async function readBundle(content: Uint8Array, file: CertificateFile): Promise<Bundle> {
  const text = new TextDecoder().decode(content);
  if (text.includes("-----BEGIN ")) return await readPem(text, file);
  const { readPfx } = await import("./pfx.ts");
  return await readPfx(decodeWholeBase64(text) ?? content, file);
}

/** Decodes a file that is Base64 only, such as a certificate from Azure Key Vault. */
function decodeWholeBase64(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return null;
  try {
    return Uint8Array.fromBase64(text.replace(/\s+/g, ""));
  } catch {
    return null;
  }
}

/** A block can have headers (RFC 1421), which have single hyphens. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----((?:[^-]|-(?!----))+)-----END \1-----/g;
const KEY_LABEL = /PRIVATE KEY$/;

/** Reads certificates and the first key from PEM (RFC 7468). */
async function readPem(text: string, file: CertificateFile): Promise<Bundle> {
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = "", body = ""]) => ({ pem, label, body }));
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
  const key = blocks.find(({ label }) => KEY_LABEL.test(label));
  return {
    certificates: certificates.map(({ body }) => decodeCertificate(body, file.path)),
    key: key === undefined ? null : await readPemKey(key, file),
  };
}

async function readPemKey(
  { pem, label, body }: { pem: string; label: string; body: string },
  file: CertificateFile,
): Promise<PrivateKeyDer> {
  const isPkcs1 = label === "RSA PRIVATE KEY";
  if (label === "ENCRYPTED PRIVATE KEY" || isPkcs1 && body.includes("ENCRYPTED")) {
    const { decryptPemKey } = await import("./decrypt.ts");
    return await decryptPemKey(pem, body, file);
  }
  if (!isPkcs1 && label !== "PRIVATE KEY") throw notRsa(file.path);
  try {
    return { type: isPkcs1 ? "pkcs1" : "pkcs8", der: Uint8Array.fromBase64(body.replace(/\s+/g, "")) };
  } catch {
    throw notRsa(file.path);
  }
}

function decodeCertificate(body: string, path: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(body.replace(/\s+/g, ""));
  } catch {
    throw certificateDamaged(path);
  }
}

function certificateDamaged(path: string): CliError {
  return new CliError("usage", `A certificate in ${path} is damaged`, {
    hint: "Expected Base64 between BEGIN CERTIFICATE and END CERTIFICATE.",
  });
}

interface ParsedBundle {
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject;
}

async function parseBundle({ certificates, key }: Bundle, path: string): Promise<ParsedBundle> {
  if (certificates.length === 0) {
    throw new CliError("usage", `No certificate in ${path}`, {
      hint: "The file must contain the certificate and its private key, in PEM or PFX.",
    });
  }
  if (key === null) {
    throw new CliError("usage", `No private key in ${path}`, {
      hint: "(umask 077; cat key.pem certificate.pem > both.pem)\nThe file must contain both.",
    });
  }
  // An import at the top would load Node's modules at every start of a bundle that is one module.
  const { createPrivateKey, X509Certificate } = await import("node:crypto");
  const parsed = certificates.flatMap((der) => attempt(() => new X509Certificate(der)) ?? []);
  if (parsed.length === 0) throw certificateDamaged(path);
  const parsedKey = attempt(() => createPrivateKey(toPem(key)));
  if (parsedKey?.asymmetricKeyType !== "rsa") throw notRsa(path);
  return { certificates: parsed, key: parsedKey };
}

function toPem({ type, der }: PrivateKeyDer): string {
  const label = type === "pkcs1" ? "RSA PRIVATE KEY" : "PRIVATE KEY";
  const lines = der.toBase64().match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Returns null for what Node's modules do not support. Their messages may quote the key. */
function attempt<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}

/** Finds the certificate that the key belongs to. */
function leafOf(certificates: readonly X509Certificate[], key: KeyObject, path: string): X509Certificate {
  const leaf = certificates.find((certificate) => attempt(() => certificate.checkPrivateKey(key)) ?? false);
  if (leaf !== undefined) return leaf;
  throw new CliError("usage", `The private key in ${path} does not belong to its certificate`, {
    hint: "Put the certificate and its own key into the file.",
  });
}

/**
 * Returns the certificate and those of its issuers that are among `others`, each followed by its issuer (RFC 7515 section
 * 4.1.6). Of several with the issuer's name the one that signed is taken, otherwise one whose algorithm may not be
 * supported: Deno 2.7 does not verify P-384 with SHA-256.
 */
function chainOf(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf];
  let last = leaf;
  while (!isIssuedBy(last, last)) {
    const child = last;
    const known = new Set(chain.map(({ fingerprint256 }) => fingerprint256));
    const issuers = others.filter((other) => !known.has(other.fingerprint256) && isIssuedBy(child, other));
    const issuer = issuers.find((other) => isSignedBy(child, other)) ??
      issuers.find((other) => !isRsa(other)) ?? issuers[0];
    if (issuer === undefined) break;
    chain.push(issuer);
    last = issuer;
  }
  return chain;
}

function isRsa(certificate: X509Certificate): boolean {
  return attempt(() => certificate.publicKey.asymmetricKeyType) === "rsa";
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return attempt(() => certificate.checkIssued(issuer)) ?? false;
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return attempt(() => certificate.verify(issuer.publicKey)) ?? false;
}

/** The minimum for PS256 (RFC 7518 section 3.5) and for Entra. */
const MIN_KEY_BITS = 2048;

function validateLength({ asymmetricKeyDetails }: KeyObject, path: string): void {
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits >= MIN_KEY_BITS) return;
  throw new CliError(
    "usage",
    `The RSA key in ${path} has ${bits} bits: expected at least ${MIN_KEY_BITS}`,
    {
      hint:
        "openssl req -x509 -newkey rsa:3072 -keyout key.pem -out certificate.pem -subj /CN=NAME -days 365\n" +
        "Upload certificate.pem to the application's registration, and name a file with both.",
    },
  );
}

function validateValidity({ validFrom, validTo }: X509Certificate, path: string, nowMs: number): void {
  const notBefore = new Date(validFrom);
  const notAfter = new Date(validTo);
  if (nowMs > notAfter.getTime()) {
    throw new CliError("usage", `The certificate in ${path} expired on ${dayOf(notAfter)}`, {
      hint:
        "Check this machine's clock. If it is right, make a new certificate, upload it to the application's " +
        "registration, and name its file.",
    });
  }
  if (nowMs < notBefore.getTime()) {
    throw new CliError("usage", `The certificate in ${path} is not valid before ${dayOf(notBefore)}`, {
      hint: "Check this machine's clock.",
    });
  }
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
