import { CliError } from "../errors.ts";
import { ADFS } from "../identity/cloud.ts";
import { isGuid } from "../identity/guid.ts";
import { formatDuration } from "../text/duration.ts";
import type { JsonObject } from "../text/json.ts";
import { plainText } from "../text/plain_text.ts";
import type { Secret } from "../text/secret.ts";
import {
  type Authority,
  type AuthorityMetadata,
  CONSUMERS_TENANT,
  expectedIssuer,
  fixedTenantId,
  isSameIssuer,
} from "./authority.ts";
import { decodeToken } from "./decode_token.ts";

/** How far the authority's clock and the local clock may be apart. */
const CLOCK_LEEWAY_SECONDS = 300;

/** The name is displayed, and sent in the URL of the next sign-in. No e-mail address is longer (RFC 5321 section 4.5.3.1). */
const MAX_USERNAME = 320;

/** What an ID token must match. */
export interface ExpectedIdToken {
  readonly authority: Authority;
  /** The discovered metadata, or null for authorities whose metadata is known without discovery. */
  readonly metadata: AuthorityMetadata | null;
  readonly clientId: string;
  /** The nonce that was sent, or null for a grant without one. */
  readonly nonce: string | null;
  /** Milliseconds since 1970, or null to accept any times: a wrong local clock must not end a session at its refresh. */
  readonly nowMs: number | null;
}

/** The user that an ID token names. */
export interface IdTokenSubject {
  /** The sign-in name; without one, the name or the object ID. Never empty. */
  readonly username: string;
  /** The object ID, or at AD FS, which has none, the subject. */
  readonly objectId: string;
  /** The tenant that issued the token, or `adfs`. */
  readonly tenantId: string;
}

/**
 * Validates an ID token by OpenID Connect Core 1.0 section 3.1.3.7: issuer, audience, tenant, nonce and times. MSAL
 * decodes it and checks only the nonce. The signature is not verified, which item 6 of the section allows for a token
 * received over TLS, but a token must have one.
 *
 * @throws {CliError} `invalid_response` that names the claim, or `wrong_account` for a token of another tenant.
 */
export function validateIdToken(idToken: Secret, expected: ExpectedIdToken): IdTokenSubject {
  const claims = signedClaims(idToken.reveal());
  if (claims === null) throw invalid("it is not a signed JWT");
  const isPolicy = expected.authority.tenant.includes("/");
  const isAdfs = expected.authority.tenant === ADFS;
  const tenantId = isAdfs ? ADFS : isPolicy ? tenantOfIssuer(claims) : guid(claims, "tid");
  if (expected.authority.tenant.toLowerCase() === "organizations" && tenantId === CONSUMERS_TENANT) {
    throw new CliError(
      "wrong_account",
      "Signed in with a personal account, expected a work or school account",
      {
        hint: "Sign in with another account, or allow personal accounts with --tenant-id common.",
      },
    );
  }
  const fixed = fixedTenantId(expected.authority.tenant);
  if (fixed !== null && tenantId !== fixed) {
    throw new CliError("wrong_account", `The sign-in was for tenant ${tenantId}, not for ${fixed}`, {
      hint: "Sign in with an account of the profile's tenant, or change the profile's tenant.",
    });
  }
  if (!isSameIssuer(text(claims, "iss"), expectedIssuer(expected.authority, expected.metadata, tenantId))) {
    throw invalid("iss is not the requested authority");
  }
  // A profile may spell the ID in upper case. Entra always uses lower case.
  if (text(claims, "aud").toLowerCase() !== expected.clientId.toLowerCase()) {
    throw invalid("aud is not this application");
  }
  if (expected.nonce !== null && claims.nonce !== expected.nonce) {
    throw invalid("nonce is not the one that was sent");
  }
  validateTimes(claims, expected.nowMs);
  const objectId = isAdfs
    ? opaqueId(claims)
    : guid(claims, isPolicy && claims.oid === undefined ? "sub" : "oid");
  return { username: userName(claims) ?? objectId, objectId, tenantId };
}

/**
 * Claims with a sign-in name, the most specific first. `emails` and `signInNames.emailAddress` are B2C's, and AD FS has
 * `unique_name`, which is `DOMAIN\user`, for accounts without `upn`.
 */
const NAME_CLAIMS = [
  "preferred_username",
  "emails",
  "upn",
  "email",
  "signInNames.emailAddress",
  "unique_name",
];

/**
 * Returns the name to display, or null if the token has none. Users choose `name` themselves in many tenants, so one with
 * an at sign, which could pass for another user's sign-in name, does not count.
 */
function userName(claims: JsonObject): string | null {
  const { name } = claims;
  const ownName = typeof name === "string" && !name.includes("@") ? name : undefined;
  for (const value of [...NAME_CLAIMS.map((claim) => claims[claim]), ownName]) {
    const first = Array.isArray(value) ? value[0] : value;
    const shown = typeof first === "string" && first.trim() !== "" ? displayName(first) : "";
    if (shown !== "") return shown;
  }
  return null;
}

/**
 * Returns a user name that is safe to display. One that had to be changed ends with U+FFFD, so that it does not equal the
 * name of another user.
 */
function displayName(name: string): string {
  const shown = plainText(name, MAX_USERNAME);
  return shown === name ? shown : `${shown}\ufffd`;
}

/** Returns the claims of a JWT that has a signature, and null for anything else. */
function signedClaims(idToken: string): JsonObject | null {
  const decoded = decodeToken(idToken);
  const alg = decoded?.header.alg;
  const isSigned = typeof alg === "string" && alg.toLowerCase() !== "none" && /\.[\w-]+$/.test(idToken);
  return isSigned ? decoded?.claims ?? null : null;
}

/**
 * A B2C policy omits `tid` and `oid` unless it is configured to send them. The path of the issuer contains the tenant,
 * either first or after `tfp`, and `sub` identifies the user.
 */
function tenantOfIssuer(claims: JsonObject): string {
  const tenantId = text(claims, "iss").toLowerCase().split("/").slice(3).find(isGuid);
  if (tenantId === undefined) throw invalid("iss names no tenant");
  return tenantId;
}

function validateTimes(claims: JsonObject, nowMs: number | null): void {
  const [exp, iat] = [time(claims, "exp"), time(claims, "iat")];
  if (nowMs === null) return;
  const nowSeconds = nowMs / 1000;
  if (exp < nowSeconds - CLOCK_LEEWAY_SECONDS || iat > nowSeconds + CLOCK_LEEWAY_SECONDS) {
    // The token was issued a moment ago, so its age is the difference of the clocks.
    throw new CliError(
      "invalid_response",
      `The clocks of this machine and of the sign-in service are about ${
        formatDuration(Math.abs(nowSeconds - iat), 1)
      } apart`,
      { hint: "Set this machine's clock, then try again." },
    );
  }
}

function time(claims: JsonObject, name: string): number {
  const value = claims[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalid(`${name} is not a time`);
  return value;
}

function guid(claims: JsonObject, name: string): string {
  const value = text(claims, name).toLowerCase();
  if (!isGuid(value)) throw invalid(`${name} is not a GUID`);
  return value;
}

/** The `sub` of AD FS identifies the user to one application. It is base64, and displayed where there is no name. */
function opaqueId(claims: JsonObject): string {
  const value = text(claims, "sub");
  if (!/^[\x21-\x7e]{1,255}$/.test(value)) throw invalid("sub is not an ID");
  return value;
}

function text(claims: JsonObject, name: string): string {
  const value = claims[name];
  if (typeof value !== "string" || value === "") throw invalid(`${name} is missing`);
  return value;
}

function invalid(reason: string): CliError {
  return new CliError("invalid_response", `Invalid ID token: ${reason}`, {
    hint: "Check --authority, --tenant-id and --client-id, then sign in again.",
  });
}
