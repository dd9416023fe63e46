import { encodeBase64Url } from "@std/encoding/base64url";
import type { HttpRequest, HttpResponse, Network } from "../../../src/system/network.ts";

export const HOST = "login.example:8443";
export const BASE = `https://${HOST}`;
export const TENANT_ID = "11111111-2222-4333-8444-555555555555";
export const OTHER_TENANT_ID = "99999999-2222-4333-8444-555555555555";
export const CLIENT_ID = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee";
export const OBJECT_ID = "ada00000-1111-4222-8333-444444444444";
export const NOW_MS = Date.UTC(2025, 11, 28, 12, 0, 0);
export const NOW = NOW_MS / 1000;

/** A token of the right shape, whose signature is none. */
export function shapedJwt(claims: object, header: object = { alg: "RS256", typ: "JWT" }): string {
  const part = (value: object) => encodeBase64Url(JSON.stringify(value));
  return `${part(header)}.${part(claims)}.${encodeBase64Url("signature")}`;
}

/** Claims of an ID token that is right in every respect. */
export function goodIdTokenClaims(): Record<string, unknown> {
  return {
    iss: `${BASE}/${TENANT_ID}/v2.0`,
    aud: CLIENT_ID,
    tid: TENANT_ID,
    oid: OBJECT_ID,
    sub: "subject-of-ada",
    preferred_username: "ada@contoso.example",
    nonce: "the-nonce",
    iat: NOW,
    exp: NOW + 3600,
  };
}

/** A discovery document that is right in every respect. */
export function goodMetadata(): Record<string, unknown> {
  return {
    issuer: `${BASE}/${TENANT_ID}/v2.0`,
    authorization_endpoint: `${BASE}/${TENANT_ID}/oauth2/v2.0/authorize`,
    token_endpoint: `${BASE}/${TENANT_ID}/oauth2/v2.0/token`,
    jwks_uri: `${BASE}/${TENANT_ID}/discovery/v2.0/keys`,
  };
}

/** A token response that is right in every respect, but for the ID token it lacks. */
export function goodTokenResponse(): Record<string, unknown> {
  return { access_token: "access-token-1", token_type: "Bearer", expires_in: 3600, scope: "User.Read" };
}

/** An answer to a device code request that is right in every respect. */
export function goodDeviceCode(): Record<string, unknown> {
  return {
    device_code: "device-code-1",
    user_code: "ABCD-EFGH",
    verification_uri: "https://microsoft.com/devicelogin",
    expires_in: 900,
    interval: 5,
    message: "To sign in, use a web browser.",
  };
}

/** A network that answers out of memory, and the requests that it was sent. */
export interface MemoryNetwork extends Network {
  readonly requests: HttpRequest[];
}

export function memoryNetwork(
  answer: (request: HttpRequest) => HttpResponse | Promise<HttpResponse>,
): MemoryNetwork {
  const requests: HttpRequest[] = [];
  return {
    requests,
    async send(request) {
      requests.push(request);
      return await answer(request);
    },
  };
}

export function textResponse(text: string, status = 200, headers: Record<string, string> = {}): HttpResponse {
  return { status, headers, body: new TextEncoder().encode(text) };
}

export function jsonResponse(body: unknown, status = 200): HttpResponse {
  return textResponse(JSON.stringify(body), status, { "content-type": "application/json" });
}
