import { decodeBase64 } from "@std/encoding/base64";
import { encodeBase64Url } from "@std/encoding/base64url";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { innerSecret } from "./client_metadata.ts";
import type { Application, Federation } from "./directory.ts";
import type { EntraError } from "./entra_errors.ts";

/**
 * Validates what oidc-provider does not about the assertion in a token request: whether a certificate is one
 * that the application has, and everything about a federated token, which is replaced in `form` if it is valid.
 *
 * @returns The refusal, or null if the request may continue.
 */
export async function validateAssertion(
  form: URLSearchParams,
  application: Application | undefined,
): Promise<EntraError | null> {
  const assertion = form.get("client_assertion");
  if (assertion === null || application === undefined) return null;
  const { certificate, federation, clientId } = application;
  if (federation !== undefined) {
    const refusal = await validateFederated(assertion, federation);
    if (refusal !== null) return refusal;
    form.delete("client_assertion");
    form.delete("client_assertion_type");
    form.set("client_secret", innerSecret(clientId));
    return null;
  }
  return await hasThumbprintOf(assertion, certificate) ? null : unknownCertificate("The key was not found.");
}

/** Returns the error for a certificate or signature that is not the application's. */
function unknownCertificate(reason: string): EntraError {
  return refused(
    700027,
    `The certificate with identifier used to sign the client assertion is not registered on application. [Reason - ${reason}]`,
  );
}

async function hasThumbprintOf(assertion: string, certificate: string | undefined): Promise<boolean> {
  if (certificate === undefined) return false;
  const digest = await crypto.subtle.digest(
    "SHA-256",
    decodeBase64(certificate.replace(/-----[^-]+-----|\s/g, "")),
  );
  return decodeProtectedHeader(assertion)["x5t#S256"] === encodeBase64Url(digest);
}

async function validateFederated(assertion: string, federation: Federation): Promise<EntraError | null> {
  const { iss, sub, aud } = decodeJwt(assertion);
  const found = `Assertion Issuer: '${iss}'. Assertion Subject: '${sub}'. Assertion Audience: '${aud}'.`;
  const no = (what: string) =>
    `No matching federated identity record found for presented assertion ${what}. ${found}`;
  if (iss !== federation.issuer) return refused(700211, no("issuer"));
  if (aud !== federation.audience) return refused(700212, no("audience"));
  if (sub !== federation.subject) return refused(700213, no("subject"));
  try {
    await jwtVerify(assertion, createLocalJWKSet(federation.keys));
    return null;
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      return refused(700024, "Client assertion is not within its valid time range.");
    }
    return refused(50013, "Assertion failed signature validation. [Reason - The key was not found.]");
  }
}

function refused(aadsts: number, description: string): EntraError {
  return { error: "invalid_client", aadsts, description };
}
