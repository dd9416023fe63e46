import { encodeBase64Url } from "@std/encoding/base64url";
import { decodeHex } from "@std/encoding/hex";
import { importPKCS8, SignJWT } from "jose";
import type { ClientCertificate } from "../credentials/client_credential.ts";

/** As short as a slow exchange allows. */
const LIFE_SECONDS = 600;
const ALGORITHM = "PS256";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g;

/**
 * The assertion by which an application proves that it has the key of its certificate (RFC 7523 section 3), with the
 * header that Entra finds the certificate by (RFC 7515, sections 4.1.6 and 4.1.8).
 *
 * Ours rather than MSAL's, whose signatures are wrong on Deno 2.6: Node's crypto gets another salt there.
 *
 * @param nowMs Milliseconds since 1970.
 */
export async function signAssertion(
  { thumbprintSha256, privateKeyPem, chainPem }: ClientCertificate,
  { clientId, tokenEndpoint }: { clientId: string; tokenEndpoint: string },
  nowMs: number,
): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const header = {
    alg: ALGORITHM,
    typ: "JWT",
    "x5t#S256": encodeBase64Url(decodeHex(thumbprintSha256)),
    ...(chainPem === null ? {} : { x5c: certificatesIn(chainPem) }),
  };
  return await new SignJWT()
    .setProtectedHeader(header)
    .setAudience(tokenEndpoint)
    .setIssuer(clientId)
    .setSubject(clientId)
    .setJti(crypto.randomUUID())
    .setNotBefore(nowSeconds)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + LIFE_SECONDS)
    .sign(await importPKCS8(privateKeyPem.reveal(), ALGORITHM));
}

function certificatesIn(pem: string): string[] {
  return [...pem.matchAll(CERTIFICATE)].map(([, body = ""]) => body.replace(/\s+/g, ""));
}
