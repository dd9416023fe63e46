// @ts-types="./node_forge.d.ts"
import forge, { type Certificate, type RsaKey } from "node-forge";
import { encodeBase64 } from "@std/encoding/base64";
import { encodeHex } from "@std/encoding/hex";
import { CliError } from "../../errors.ts";
import { Secret } from "../../text/secret.ts";
import type { ClientCertificate } from "../client_credential.ts";
import { type Bundle, notRsa, type TakePassword } from "./bundle.ts";
import { readPemBundle } from "./pem_bundle.ts";
import { readPfxBundle } from "./pfx_bundle.ts";

/** What {@linkcode readCertificate} needs to know. */
export interface CertificateOptions {
  /** The file's name, for messages. */
  readonly path: string;
  /** Whether the certificate is sent along with each proof, with those that lead to its root. */
  readonly sendChain: boolean;
  /** Opens what is encrypted. */
  readonly password: TakePassword;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Reads a certificate and its key from the content of a PEM or PFX file.
 *
 * @throws {CliError} `usage` for a file without certificate or key, a wrong password, a key that is not the
 *   certificate's or not RSA, and a certificate that is not valid now.
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

/** The certificate of the key: others in the file are those that lead to its root. */
function leafOf({ certificates, key }: Bundle, path: string): Leaf {
  if (certificates.length === 0) {
    throw new CliError("usage", `No certificate is in ${path}`, {
      hint: "The file has to hold the certificate and its private key, in PEM or as PFX.",
    });
  }
  if (key === null) {
    throw new CliError("usage", `No private key is in ${path}`, {
      hint: "Put both in one file: (umask 077; cat key.pem certificate.pem > both.pem)",
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
    hint: "Put the certificate and the key that it was made with into the file.",
  });
}

function parse(der: Uint8Array): { der: Uint8Array; certificate: Certificate }[] {
  try {
    return [{ der, certificate: forge.pki.certificateFromPem(toPem(der)) }];
  } catch {
    // It has no RSA key, so that it isn't the one that is looked for.
    return [];
  }
}

function validateValidity({ validity }: Certificate, path: string, nowMs: number): void {
  const { notBefore, notAfter } = validity;
  const isOver = nowMs > notAfter.getTime();
  if (!isOver && nowMs >= notBefore.getTime()) return;
  const day = (isOver ? notAfter : notBefore).toISOString().slice(0, 10);
  throw new CliError(
    "usage",
    `The certificate in ${path} ${isOver ? "expired on" : "is not valid before"} ${day}`,
    {
      hint: isOver
        ? "Check this machine's clock. If it is right, make a new one, upload it to the application's " +
          "registration, and name its file."
        : "Check this machine's clock.",
    },
  );
}

function toPem(der: Uint8Array): string {
  const lines = encodeBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function toPkcs8(key: RsaKey): string {
  return forge.pki.privateKeyInfoToPem(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)));
}
