import { decodeProtectedHeader } from "jose";
import { CliError } from "../errors.ts";
import { formatDuration } from "../text/duration.ts";
import { plainText } from "../text/plain_text.ts";
import { isGuid } from "../identity/guid.ts";
import { type Authority, type AuthorityMetadata, expectedIssuer, fixedTenantId } from "./authority.ts";

/** How far the authority's clock and ours may be apart, in seconds. */
const CLOCK_LEEWAY_SECONDS = 300;

/** It is shown, and sent along with the next sign-in in a URL. No e-mail address is longer (RFC 5321 section 4.5.3.1). */
const MAX_USERNAME = 320;

/** What the ID token has to agree with. */
export interface ExpectedIdToken {
  /** Who was asked. */
  readonly authority: Authority;
  /** What the authority says of itself; null where that is known without asking. */
  readonly metadata: AuthorityMetadata | null;
  /** The application that asked. */
  readonly clientId: string;
  /** The nonce that was sent, or null on a refresh, where there is none. */
  readonly nonce: string | null;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/** The user whom an ID token names. */
export interface IdTokenSubject {
  /** The sign-in name, for people to read; empty when there is none. */
  readonly username: string;
  /** Object id of the user. */
  readonly objectId: string;
  /** Tenant that issued the token. */
  readonly tenantId: string;
}

/**
 * Judges an ID token by OpenID Connect Core 1.0 section 3.1.3.7: issuer, audience, tenant, nonce and times. MSAL
 * decodes it and checks the nonce alone. The signature isn't verified: the token came straight from the authority over
 * TLS, which the section's item 6 allows, but a token that claims to need no signature is refused.
 *
 * @throws {CliError} `invalid_response` that names the claim, or `wrong_account` for another tenant's token.
 */
export function validateIdToken(
  idToken: string,
  claims: Readonly<Record<string, unknown>>,
  expected: ExpectedIdToken,
): IdTokenSubject {
  if (!isSigned(idToken)) throw invalid("it is not signed");
  const isPolicy = expected.authority.tenant.includes("/");
  const tenantId = isPolicy ? tenantOfIssuer(claims) : guid(claims, "tid");
  const fixed = fixedTenantId(expected.authority.tenant);
  if (fixed !== null && tenantId !== fixed) {
    throw new CliError("wrong_account", `The sign-in was for tenant ${tenantId}, not for ${fixed}`, {
      hint: "Sign in with an account of the profile's tenant, or change the profile's tenant.",
    });
  }
  if (text(claims, "iss") !== expectedIssuer(expected.authority, expected.metadata, tenantId)) {
    throw invalid("iss is not the authority that was asked");
  }
  // The profile may spell the id in capitals; Entra answers in small letters.
  if (text(claims, "aud").toLowerCase() !== expected.clientId.toLowerCase()) {
    throw invalid("aud is not this application");
  }
  if (expected.nonce !== null && claims.nonce !== expected.nonce) {
    throw invalid("nonce is not the one that was sent");
  }
  validateTimes(claims, expected.nowMs / 1000);
  const username = claims.preferred_username ?? (Array.isArray(claims.emails) ? claims.emails[0] : undefined);
  return {
    username: typeof username === "string" ? plainText(username, MAX_USERNAME) : "",
    objectId: guid(claims, isPolicy && claims.oid === undefined ? "sub" : "oid"),
    tenantId,
  };
}

/**
 * A policy of B2C puts neither `tid` nor `oid` in its tokens unless it was told to: the issuer's path has the tenant,
 * behind `tfp` or right at its start, and `sub` is the user.
 */
function tenantOfIssuer(claims: Readonly<Record<string, unknown>>): string {
  const tenantId = text(claims, "iss").toLowerCase().split("/").slice(3).find(isGuid);
  if (tenantId === undefined) throw invalid("iss names no tenant");
  return tenantId;
}

function isSigned(idToken: string): boolean {
  try {
    const { alg } = decodeProtectedHeader(idToken);
    return typeof alg === "string" && alg.toLowerCase() !== "none" && /\.[\w-]+$/.test(idToken);
  } catch {
    // Not a JWT at all, so not a signed one either.
    return false;
  }
}

function validateTimes(claims: Readonly<Record<string, unknown>>, nowSeconds: number): void {
  const [exp, iat] = [time(claims, "exp"), time(claims, "iat")];
  if (exp < nowSeconds - CLOCK_LEEWAY_SECONDS || iat > nowSeconds + CLOCK_LEEWAY_SECONDS) {
    // The token was made a moment ago, so its age is what the clocks are apart.
    throw new CliError(
      "invalid_response",
      `The clocks of this machine and of the sign-in service are about ${
        formatDuration(Math.abs(nowSeconds - iat), 1)
      } apart`,
      { hint: "Set this machine's clock, then try again." },
    );
  }
}

function time(claims: Readonly<Record<string, unknown>>, name: string): number {
  const value = claims[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw invalid(`${name} is not a time`);
  return value;
}

function guid(claims: Readonly<Record<string, unknown>>, name: string): string {
  const value = text(claims, name).toLowerCase();
  if (!isGuid(value)) throw invalid(`${name} is not an id`);
  return value;
}

function text(claims: Readonly<Record<string, unknown>>, name: string): string {
  const value = claims[name];
  if (typeof value !== "string" || value === "") throw invalid(`${name} is missing`);
  return value;
}

function invalid(reason: string): CliError {
  return new CliError("invalid_response", `The ID token is not valid: ${reason}`, {
    hint: "Check --authority, --tenant-id and --client-id, then sign in again.",
  });
}
