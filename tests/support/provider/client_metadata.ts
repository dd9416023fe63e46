import { exportJWK, importX509 } from "jose";
// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { Configuration } from "oidc-provider";
import type { Application } from "./directory.ts";

type ClientMetadata = NonNullable<Configuration["clients"]>[number];

/** An application as oidc-provider knows it. */
export async function clientMetadata(application: Application): Promise<ClientMetadata> {
  const authentication = await authenticationOf(application);
  const isPublic = authentication === null;
  return {
    client_id: application.clientId,
    client_name: application.name,
    // A native client's http://localhost matches any port (RFC 8252 section 7.3), as in Entra.
    application_type: "native",
    grant_types: [
      "authorization_code",
      "refresh_token",
      isPublic ? "urn:ietf:params:oauth:grant-type:device_code" : "client_credentials",
    ],
    redirect_uris: ["http://localhost", "http://localhost/"],
    response_types: ["code"],
    ...(authentication ?? { token_endpoint_auth_method: "none" }),
  };
}

/** Returns the client authentication of a confidential client, or null for a public one. */
async function authenticationOf(
  { secret, secretExpired, certificate, federation, clientId }: Application,
): Promise<Partial<ClientMetadata> | null> {
  if (certificate !== undefined) {
    const key = await exportJWK(await importX509(certificate, "PS256", { extractable: true }));
    return {
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "PS256",
      jwks: { keys: [{ ...key, alg: "PS256", use: "sig" }] } as ClientMetadata["jwks"],
    };
  }
  // oidc-provider does not support federation: this secret replaces a valid assertion.
  const client_secret = federation === undefined ? secret : innerSecret(clientId);
  if (client_secret === undefined) return null;
  return {
    client_secret,
    client_secret_expires_at: secretExpired ? 1 : 0,
    token_endpoint_auth_method: "client_secret_post",
  };
}

const innerSecrets = new Map<string, string>();

/** Returns the secret that replaces a valid federated assertion inside oidc-provider. */
export function innerSecret(clientId: string): string {
  const secret = innerSecrets.get(clientId) ?? crypto.randomUUID();
  innerSecrets.set(clientId, secret);
  return secret;
}
