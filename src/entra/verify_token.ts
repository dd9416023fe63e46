import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet, type JWK } from "jose";
import { CliError } from "../errors.ts";
import { ADFS, discoveryUrl } from "../identity/cloud.ts";
import { isGuid } from "../identity/guid.ts";
import { isJsonObject, type JsonObject } from "../text/json.ts";
import { plainText } from "../text/plain_text.ts";
import type { Network } from "../system/network/network.ts";
import { type Authority, entraAuthority, expectedIssuer, isSameIssuer, issuerOfTenant } from "./authority.ts";
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

/** A key of the authority. jose validates all but the issuer. */
type PublishedKey = JWK & { readonly issuer?: unknown };

/** Entra signs tokens only with this algorithm. */
const ALGORITHM = "RS256";

/** Every B2C policy has a discovery document and keys of its own. */
const POLICY = /^b2c_1a?_[\w.-]{1,64}$/i;

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
    return wrong(`The algorithm is ${shown(header.alg)}, expected ${ALGORITHM}`);
  }
  if (header.crit !== undefined) {
    // RFC 7515 section 4.1.11: a signature with an extension that is not understood is invalid.
    return wrong("The header requires an extension (crit) that Entra does not use");
  }
  const policy = policyOf(claims);
  const tenantId = isFromAdfs(claims, options.authority) ? ADFS : tenantOf(claims, policy);
  if (tenantId !== ADFS && !isGuid(tenantId)) return wrong("The token names no tenant");
  if (policy !== null && claims.tid !== undefined && claims.tid !== tenantId) {
    return wrong("The tenant in tid is not the one in the issuer");
  }
  const authority = entraAuthority(options.authority, policy === null ? tenantId : `${tenantId}/${policy}`);
  const keys = await fetchKeys(authority, tenantId, claims.iss, options);
  return "kind" in keys ? keys : await verifyWith(keys, token, authority);
}

/** Reports whether the token claims to be from AD FS on the host of the authority. */
function isFromAdfs({ iss }: JsonObject, authority: string): boolean {
  const issuer = typeof iss === "string" ? URL.parse(iss) : null;
  return issuer?.host === new URL(authority).host && issuer.pathname.split("/")[1] === ADFS;
}

/** Returns the tenant of a token: `tid`, or the one in the path of a B2C issuer, whose policies may omit `tid`. */
function tenantOf({ tid, iss }: JsonObject, policy: string | null): string {
  if (policy === null) return typeof tid === "string" ? tid.toLowerCase() : "";
  return typeof iss === "string" ? iss.toLowerCase().split("/").slice(3).find(isGuid) ?? "" : "";
}

/** Returns the B2C policy that issued the token, or null. It is in `tfp`, or in `acr`, where other tokens have a number. */
function policyOf({ tfp, acr }: JsonObject): string | null {
  const policy = [tfp, acr].find((claim): claim is string => typeof claim === "string" && POLICY.test(claim));
  return policy?.toLowerCase() ?? null;
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
  const { status, body } = await get(discoveryUrl(authority.url));
  if (status !== 200) return wrong(`${authority.host} has no tenant ${authority.tenant}`);
  const metadata = validateMetadata(body, authority);
  const issuers = [expectedIssuer(authority, metadata, tenantId), ...formerIssuers(authority)];
  // AD FS signs access tokens in another name than ID tokens.
  if (tenantId === ADFS && typeof body.access_token_issuer === "string") {
    issuers.push(body.access_token_issuer);
  }
  if (typeof issuer !== "string" || !issuers.some((known) => isSameIssuer(known, issuer))) {
    return wrong(`The issuer is ${shown(issuer)}, expected tenant ${tenantId} on ${authority.host}`);
  }
  const { jwks_uri: address } = body;
  const keys = validateKeys((await get(typeof address === "string" ? address : "")).body, authority);
  return { keys: keys.filter((key) => maySign(key, issuers, tenantId)) };
}

function formerIssuers({ host, tenant }: Authority): string[] {
  const former = FORMER_ISSUERS[host];
  return former === undefined || tenant.includes("/") ? [] : [`https://${former}/${tenant}/`];
}

/**
 * Reports whether a key signs tokens of `issuers`. Entra publishes keys of several issuers together, those of personal
 * accounts among them, and names in each key whose tokens it signs. B2C's keys name no issuer.
 */
function maySign({ issuer }: PublishedKey, issuers: readonly string[], tenantId: string): boolean {
  if (issuer === undefined) return true;
  return typeof issuer === "string" && issuers.includes(issuerOfTenant(issuer, tenantId));
}

function validateKeys(body: JsonObject, authority: Authority): readonly PublishedKey[] {
  const { keys } = body;
  if (Array.isArray(keys) && keys.every(isJsonObject)) return keys;
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

function shown(value: unknown): string {
  return typeof value === "string" ? plainText(value) : "not a string";
}

function wrong(reason: string): Signature {
  return { kind: "wrong", reason };
}

function unverifiable(reason: string): Signature {
  return { kind: "unverifiable", reason };
}
