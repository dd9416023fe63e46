// @ts-types="./node_forge.d.ts"
import forge, { type Asn1, type Bag, type Pfx, type RsaKey } from "node-forge";
import { decodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../errors.ts";
import type { Secret } from "../../text/secret.ts";

/** The content of a certificate file. The key need not belong to one of the certificates. */
export interface Bundle {
  /** The certificates in DER, in the order of the file. */
  readonly certificates: readonly Uint8Array[];
  readonly key: RsaKey | null;
}

/** Returns the password of an encrypted file, or null if there is none. */
export type TakePassword = () => Promise<Secret | null>;

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----/g;
const KEY_LABEL = /PRIVATE KEY$/;

/** Reads certificates and a key, which may be encrypted, from PEM (RFC 7468). @throws {CliError} `usage` */
export async function readPemBundle(text: string, path: string, password: TakePassword): Promise<Bundle> {
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = "", body = ""]) => ({ pem, label, body }));
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
  const key = blocks.find(({ label }) => KEY_LABEL.test(label));
  return {
    certificates: certificates.map(({ body }) => decode(body, path)),
    key: key === undefined ? null : await readPemKey(key.pem, path, password),
  };
}

async function readPemKey(pem: string, path: string, password: TakePassword): Promise<RsaKey> {
  if (!pem.includes("ENCRYPTED")) {
    try {
      return forge.pki.privateKeyFromPem(pem);
    } catch {
      // The library's message may quote the key.
      throw notRsa(path);
    }
  }
  const secret = await password();
  if (secret === null) throw passwordMissing(path);
  const key = decrypt(pem, secret.reveal());
  if (key === null) throw passwordWrong(path);
  return key;
}

function decrypt(pem: string, password: string): RsaKey | null {
  try {
    return forge.pki.decryptRsaPrivateKey(pem, password) ?? null;
  } catch {
    return null;
  }
}

function decode(body: string, path: string): Uint8Array {
  try {
    return decodeBase64(body.replace(/\s+/g, ""));
  } catch {
    throw new CliError("usage", `A certificate in ${path} is damaged`, {
      hint: "Expected Base64 between BEGIN CERTIFICATE and END CERTIFICATE.",
    });
  }
}

const { certBag, keyBag, pkcs8ShroudedKeyBag } = forge.pki.oids;

/** Reads certificates and a key from PFX (PKCS#12, RFC 7292). @throws {CliError} `usage` */
export async function readPfxBundle(
  content: Uint8Array,
  path: string,
  password: TakePassword,
): Promise<Bundle> {
  const pfx = parseAsn1(content, path);
  // Many files have no password or an empty one.
  const opened = openPfx(pfx, "") ?? await openPfxWith(pfx, path, password);
  const bags = (type: string) => opened.getBags({ bagType: type })[type] ?? [];
  const keys = [...bags(pkcs8ShroudedKeyBag), ...bags(keyBag)];
  const [key] = keys.flatMap((bag) => bag.key ?? []);
  if (key === undefined && keys.length > 0) throw notRsa(path);
  return { certificates: bags(certBag).map((bag) => derOf(bag)), key: key ?? null };
}

async function openPfxWith(pfx: Asn1, path: string, password: TakePassword): Promise<Pfx> {
  const secret = await password();
  if (secret === null) throw passwordMissing(path);
  const opened = openPfx(pfx, secret.reveal());
  if (opened === null) throw passwordWrong(path);
  return opened;
}

/** Returns null if the password is wrong, which the checksum or the decrypted content shows. */
function openPfx(pfx: Asn1, password: string): Pfx | null {
  try {
    return forge.pkcs12.pkcs12FromAsn1(pfx, password);
  } catch {
    return null;
  }
}

function parseAsn1(content: Uint8Array, path: string): Asn1 {
  try {
    return forge.asn1.fromDer(binaryString(content));
  } catch {
    throw new CliError("usage", `Unrecognized format of ${path}: expected PEM or PFX`, {
      hint: "Name a PEM file with certificate and key, or a PFX (.pfx, .p12) file.",
    });
  }
}

function derOf({ cert, asn1 }: Bag): Uint8Array {
  // The library does not parse a certificate without an RSA key, and keeps it whole.
  const whole = cert === undefined || cert === null ? asn1 : forge.pki.certificateToAsn1(cert);
  return Uint8Array.from(forge.asn1.toDer(whole).getBytes(), (character) => character.charCodeAt(0));
}

/** The library represents bytes as a string. */
function binaryString(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** Returns the error for a key of a kind that Entra does not accept. */
export function notRsa(path: string): CliError {
  return new CliError("usage", `Unsupported key in ${path}: expected an RSA key`, {
    hint: "Entra ID accepts certificates with RSA keys, in PKCS#8 or PKCS#1.",
  });
}

function passwordMissing(path: string): CliError {
  return new CliError("usage", `${path} is protected by a password`, {
    hint: "Set AZURE_CLIENT_CERTIFICATE_PASSWORD, or run the command on a terminal, which prompts for it.\n" +
      "edit-profile --certificate-password-stdin stores it for a profile. There is no flag for it.",
  });
}

function passwordWrong(path: string): CliError {
  return new CliError("usage", `The password does not open ${path}`, {
    hint: "Check AZURE_CLIENT_CERTIFICATE_PASSWORD, the password that the profile stores, or what you typed.",
  });
}
