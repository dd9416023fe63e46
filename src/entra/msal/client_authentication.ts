import { encodeBase64Url } from "@std/encoding/base64url";
import { decodeHex } from "@std/encoding/hex";
import { importPKCS8, SignJWT } from "jose";
import type { ClientCertificate, ClientCredential } from "../../credentials/client_credential.ts";
import type { Clock } from "../../system/clock.ts";
import type { MsalConfiguration } from "./msal_app.ts";

/** A client credential in MSAL's form. */
export interface ClientAuthenticationParameters {
  readonly clientSecret?: string;
  /** Called for each request. */
  readonly clientAssertion?: (asked: { clientId: string; tokenEndpoint?: string }) => Promise<string>;
}

/** Adds `credential` to the configuration of an application. */
export function withClientAuthentication(
  { auth, system }: MsalConfiguration,
  credential: ClientCredential,
  clock: Clock,
): MsalConfiguration & { auth: ClientAuthenticationParameters } {
  return { system, auth: { ...auth, ...parametersOf(credential, clock) } };
}

function parametersOf(credential: ClientCredential, clock: Clock): ClientAuthenticationParameters {
  switch (credential.kind) {
    case "secret":
      return { clientSecret: credential.secret.reveal() };
    case "certificate":
      return {
        clientAssertion: ({ clientId, tokenEndpoint = "" }) =>
          signAssertion(credential.certificate, { clientId, tokenEndpoint }, clock.now()),
      };
    case "assertion":
      return { clientAssertion: async () => (await credential.read()).reveal() };
  }
}

/** Short, with room for a slow exchange. */
const LIFE_SECONDS = 600;
const ALGORITHM = "PS256";
const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/g;

/**
 * Signs the assertion that authenticates an application with a certificate (RFC 7523 section 3). Its header identifies the
 * certificate (RFC 7515 sections 4.1.6 and 4.1.8).
 *
 * MSAL would sign with `jsonwebtoken`, which loads Node's modules.
 */
async function signAssertion(
  { thumbprintSha256, privateKeyPem, chainPem }: ClientCertificate,
  { clientId, tokenEndpoint }: { clientId: string; tokenEndpoint: string },
  nowMs: number,
): Promise<string> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const header = {
    alg: ALGORITHM,
    typ: "JWT",
    "x5t#S256": encodeBase64Url(decodeHex(thumbprintSha256)),
    ...(chainPem !== null && { x5c: certificatesIn(chainPem) }),
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
