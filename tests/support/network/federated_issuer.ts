import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Federation } from "../provider/directory.ts";

/** An external token service whose tokens authenticate an application. */
export interface FederatedIssuer {
  /** The federated credential in the registration of the application. */
  readonly federation: Federation;
  /** Issues a token for the trusted job, with `claims` replaced. */
  issue(claims?: { iss?: string; sub?: string; aud?: string; lifeSeconds?: number }): Promise<string>;
  /** Issues the same token, signed with another key. */
  forge(): Promise<string>;
}

const ISSUER = "https://token.actions.example";
const SUBJECT = "repo:contoso/app:ref:refs/heads/main";
const AUDIENCE = "api://AzureADTokenExchange";

export async function makeFederatedIssuer(): Promise<FederatedIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const issue = async (
    { iss = ISSUER, sub = SUBJECT, aud = AUDIENCE, lifeSeconds = 300 } = {},
    key: CryptoKey = privateKey,
  ) => {
    const now = Math.floor(Date.now() / 1000);
    return await new SignJWT({ iss, sub, aud, iat: now, exp: now + lifeSeconds, jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: "ES256", typ: "JWT" }).sign(key);
  };
  return {
    federation: {
      issuer: ISSUER,
      subject: SUBJECT,
      audience: AUDIENCE,
      keys: { keys: [await exportJWK(publicKey)] },
    },
    issue,
    forge: async () => await issue({}, (await generateKeyPair("ES256")).privateKey),
  };
}
