// @ts-types="./node_forge.d.ts"
import forge, { type RsaKey } from "node-forge";
import { decodeBase64 } from "@std/encoding/base64";
import { CliError } from "../../errors.ts";
import { type Bundle, notRsa, passwordMissing, passwordWrong, type TakePassword } from "./bundle.ts";

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]+)-----END \1-----/g;
const KEY_LABEL = /PRIVATE KEY$/;

/** Reads a PEM file (RFC 7468) with certificates and a key, which may be encrypted. @throws {CliError} `usage` */
export async function readPemBundle(text: string, path: string, password: TakePassword): Promise<Bundle> {
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = "", body = ""]) => ({ pem, label, body }));
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
  const key = blocks.find(({ label }) => KEY_LABEL.test(label));
  return {
    certificates: certificates.map(({ body }) => decode(body, path)),
    key: key === undefined ? null : await readKey(key.pem, path, password),
  };
}

async function readKey(pem: string, path: string, password: TakePassword): Promise<RsaKey> {
  if (!/ENCRYPTED/.test(pem)) {
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
      hint: "Between BEGIN CERTIFICATE and END CERTIFICATE there has to be Base64.",
    });
  }
}
