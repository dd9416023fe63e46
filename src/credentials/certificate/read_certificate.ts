// @ts-types="./node_forge.d.ts"
import forge, { type Certificate, type RsaKey } from "node-forge";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { ClientCertificate } from "../client_credential.ts";
import { type Bundle, notRsa, readPemBundle, readPfxBundle, type TakePassword } from "./bundle.ts";

/** What {@linkcode readCertificate} needs. */
export interface CertificateOptions {
  /** The path of the file, for messages. */
  readonly path: string;
  /** Whether assertions carry the certificate and its issuers. */
  readonly sendChain: boolean;
  readonly password: TakePassword;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Reads a certificate and its key from the content of a PEM or PFX file.
 *
 * @throws {CliError} `usage` for a file without certificate or key, a wrong password, a key that is not RSA or does not
 *   belong to the certificate, and a certificate that is expired or not yet valid.
 */
export async function readCertificate(
  content: Uint8Array<ArrayBuffer>,
  { path, sendChain, password, nowMs }: CertificateOptions,
): Promise<ClientCertificate> {
  const text = new TextDecoder().decode(content);
  const bundle = text.includes("-----BEGIN ")
    ? await readPemBundle(text, path, password)
    : await readPfxBundle(content, path, password);
  const { der, certificate, key } = leafOf(bundle, path);
  validateValidity(certificate, path, nowMs);
  const chain = [der, ...bundle.certificates.filter((other) => other !== der)];
  return {
    thumbprintSha256: encodeHex(await crypto.subtle.digest("SHA-256", new Uint8Array(der))),
    privateKeyPem: new Secret(toPkcs8(key)),
    chainPem: sendChain ? chain.map(toPem).join("") : null,
  };
}

interface Leaf {
  readonly der: Uint8Array;
  readonly certificate: Certificate;
  readonly key: RsaKey;
}

/** Finds the certificate that the key belongs to. The others in the file are its issuers. */
function leafOf({ certificates, key }: Bundle, path: string): Leaf {
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
  const candidates = certificates.flatMap((der) => parse(der));
  if (candidates.length === 0) throw notRsa(path);
  const leaf = candidates.find(({ certificate }) => {
    const { n, e } = certificate.publicKey;
    return n.equals(key.n) && e.equals(key.e);
  });
  if (leaf !== undefined) return { ...leaf, key };
  throw new CliError("usage", `The private key in ${path} does not belong to its certificate`, {
    hint: "Put the certificate and its own key into the file.",
  });
}

function parse(der: Uint8Array): { der: Uint8Array; certificate: Certificate }[] {
  try {
    return [{ der, certificate: forge.pki.certificateFromPem(toPem(der)) }];
  } catch {
    // A certificate without an RSA key.
    return [];
  }
}

function validateValidity({ validity }: Certificate, path: string, nowMs: number): void {
  const { notBefore, notAfter } = validity;
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

function toPem(der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function toPkcs8(key: RsaKey): string {
  return forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)));
}
