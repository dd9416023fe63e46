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

/**
 * What became of checking a signature: a key of the tenant made it; it is not what it claims to be; or nobody but the
 * token's audience can tell.
 */
export type Signature =
  | { readonly kind: "valid" }
  | {
    readonly kind: "wrong" | "unverifiable";
    /** Why, as a sentence without its full stop. */
    readonly reason: string;
  };

/** What {@linkcode verifyToken} needs. */
export interface VerifyOptions {
  /** Base URL of the authority whose tokens are believed. */
  readonly authority: string;
  /** The way to it. */
  readonly network: Network;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

/** The one algorithm that Entra signs tokens with. */
const ALGORITHM = "RS256";

/** Who issued tokens of version 1.0, by the authority that signs them with the keys of version 2.0. */
const FORMER_ISSUERS: Readonly<Record<string, string>> = {
  "login.microsoftonline.com": "sts.windows.net",
  "login.microsoftonline.us": "sts.windows.net",
  "login.partner.microsoftonline.cn": "sts.chinacloudapi.cn",
};

/**
 * Checks the signature of a JWT against the keys of the tenant that it names, which the authority is asked for. The token
 * itself never says where its keys are, or anybody's would do. Times are not looked at.
 *
 * @throws {CliError} `network`, `permission`, or `invalid_response` for an authority that has no such keys.
 */
export async function verifyToken(token: string, options: VerifyOptions): Promise<Signature> {
  const decoded = decodeToken(token);
  if (decoded?.claims === undefined || decoded.claims === null) {
    return unverifiable("The token is opaque, and only the API that it is for can read it");
  }
  const { header, claims } = decoded;
  if (header.nonce !== undefined) {
    return unverifiable(
      "A nonce in its header, as in tokens for Microsoft Graph, leaves that to the API alone",
    );
  }
  if (header.alg !== ALGORITHM) {
    return wrong(`It is signed with ${plainText(String(header.alg))}, not with ${ALGORITHM}`);
  }
  const tenantId = typeof claims.tid === "string" ? claims.tid.toLowerCase() : "";
  if (!isGuid(tenantId)) return wrong("It names no tenant");
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
      `It was issued by ${plainText(String(issuer))}, not by tenant ${tenantId} on ${authority.host}`,
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
  return new CliError("invalid_response", `${host} gave no keys to check signatures with`, {
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
      // Applications can have keys of their own, but such tokens can't be told from forged ones here.
      return wrong(`None of the keys of the tenant on ${authority.host} made it`);
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
