import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from "jose";
import type { Federation } from "../provider/directory.ts";

/** Somebody else's token service, whose tokens an application proves itself with. */
export interface FederatedIssuer {
  /** What an application's registration says about it. */
  readonly federation: Federation;
  /** A token for the job that the registration trusts, or as `claims` say otherwise. */
  issue(claims?: { iss?: string; sub?: string; aud?: string; lifeSeconds?: number }): Promise<string>;
  /** A token that says the same and is signed with another key. */
  forge(): Promise<string>;
}

const ISSUER = "https://token.actions.example";
const SUBJECT = "repo:contoso/app:ref:refs/heads/main";
const AUDIENCE = "api://AzureADTokenExchange";

/** Makes a token service with a key of its own. */
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
