import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { CliError } from "../errors.ts";
import { isGuid } from "../identity/guid.ts";
import { isJsonObject, type JsonObject } from "../text/json.ts";
import { plainText } from "../text/plain_text.ts";
import type { Network } from "../system/network/network.ts";
import { type Authority, entraAuthority, expectedIssuer } from "./authority.ts";
import { decodeToken } from "./decode_token.ts";
import { assertAllowed, sendToAuthority } from "./msal/send_to_authority.ts";
import { validateMetadata } from "./metadata.ts";

/** The result of verifying a signature. `unverifiable` means that only the token's audience can verify it. */
export type Signature =
  | { readonly kind: "valid" }
  | {
    readonly kind: "wrong" | "unverifiable";
    /** A sentence without a full stop. */
    readonly reason: string;
  };

/** What {@linkcode verifyToken} needs. */
export interface VerifyOptions {
  /** The base URL of the trusted authority. */
  readonly authority: string;
  readonly network: Network;
  readonly signal: AbortSignal;
}

/** Entra signs tokens only with this algorithm. */
const ALGORITHM = "RS256";

/** The issuer hosts of version 1.0 tokens, by the authority whose version 2.0 keys sign them. */
const FORMER_ISSUERS: Readonly<Record<string, string>> = {
  "login.microsoftonline.com": "sts.windows.net",
  "login.microsoftonline.us": "sts.windows.net",
  "login.partner.microsoftonline.cn": "sts.chinacloudapi.cn",
};

/**
 * Verifies the signature of a JWT with the keys of the tenant that it names. The keys come from the trusted authority and
 * never from an address in the token. Times are not checked.
 *
 * @throws {CliError} `network`, `permission`, or `invalid_response` if the authority has no usable keys.
 */
export async function verifyToken(token: string, options: VerifyOptions): Promise<Signature> {
  const decoded = decodeToken(token);
  if (decoded?.claims === undefined || decoded.claims === null) {
    return unverifiable("The token is opaque: only its API can read it");
  }
  const { header, claims } = decoded;
  if (header.nonce !== undefined) {
    return unverifiable(
      "The header has a nonce, as in tokens for Microsoft Graph: only the API can verify the signature",
    );
  }
  if (header.alg !== ALGORITHM) {
    return wrong(`The algorithm is ${plainText(String(header.alg))}, expected ${ALGORITHM}`);
  }
  const tenantId = typeof claims.tid === "string" ? claims.tid.toLowerCase() : "";
  if (!isGuid(tenantId)) return wrong("The token names no tenant");
  const authority = entraAuthority(options.authority, tenantId);
  const keys = await fetchKeys(authority, tenantId, claims.iss, options);
  return "kind" in keys ? keys : await verifyWith(keys, token, authority);
}

async function fetchKeys(
  authority: Authority,
  tenantId: string,
  issuer: unknown,
  options: VerifyOptions,
): Promise<JSONWebKeySet | Signature> {
  const get = async (url: string) => {
    assertAllowed(url, authority);
    return await sendToAuthority(url, "GET", {}, { ...options, authority });
  };
  const { status, body } = await get(`${authority.url}/v2.0/.well-known/openid-configuration`);
  if (status !== 200) return wrong(`${authority.host} has no tenant ${tenantId}`);
  const metadata = validateMetadata(body, authority);
  const issuers = [expectedIssuer(authority, metadata, tenantId), formerIssuer(authority, tenantId)];
  if (!issuers.includes(String(issuer))) {
    return wrong(
      `The issuer is ${plainText(String(issuer))}, expected tenant ${tenantId} on ${authority.host}`,
    );
  }
  return validateKeys((await get(String(body.jwks_uri))).body, authority);
}

function formerIssuer({ host }: Authority, tenantId: string): string | undefined {
  const former = FORMER_ISSUERS[host];
  return former === undefined ? undefined : `https://${former}/${tenantId}/`;
}

function validateKeys(body: JsonObject, authority: Authority): JSONWebKeySet {
  const { keys } = body;
  if (Array.isArray(keys) && keys.every(isJsonObject)) return { keys };
  throw noKeys(authority);
}

function noKeys({ host }: Authority, cause?: unknown): CliError {
  return new CliError("invalid_response", `${host} returned no keys to verify signatures with`, {
    hint: "Check --authority.",
    cause,
  });
}

async function verifyWith(keys: JSONWebKeySet, token: string, authority: Authority): Promise<Signature> {
  try {
    await compactVerify(token, createLocalJWKSet(keys), { algorithms: [ALGORITHM] });
    return { kind: "valid" };
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWSInvalid) {
      return wrong("The signature does not match the token");
    }
    if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) {
      // Tokens signed with an application's own key cannot be distinguished from forged ones here.
      return wrong(`The signature was not made with a key of the tenant on ${authority.host}`);
    }
    throw noKeys(authority, error);
  }
}

function wrong(reason: string): Signature {
  return { kind: "wrong", reason };
}

function unverifiable(reason: string): Signature {
  return { kind: "unverifiable", reason };
}
