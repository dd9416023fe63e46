import { canonicalAuthority } from "../identity/cloud.ts";
import { isGuid } from "../identity/guid.ts";

const TENANT_PLACEHOLDER = "{tenantid}";

/** The tenant of all personal Microsoft accounts. */
export const CONSUMERS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";

/** The hint for a response that an authority does not send. */
export const CHECK_AUTHORITY =
  "Check --authority, and that no proxy responds in place of the sign-in service.";

/** An authority: a base URL with a tenant. */
export interface Authority {
  /** `https://login.microsoftonline.com/TENANT`. For B2C the tenant includes the policy, as MSAL expects it. */
  readonly url: string;
  /** The host, with its port unless that is 443. Tokens are exchanged with no other host. */
  readonly host: string;
  /** The tenant as configured; for B2C `TENANT/POLICY`. */
  readonly tenant: string;
}

/** The fields of a discovery document that this program relies on (OpenID Connect Discovery 1.0 section 3). */
export interface AuthorityMetadata {
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** Whether every authorization response names its issuer (RFC 9207). */
  readonly namesIssuerInResponse: boolean;
}

/** Joins a base URL such as `https://login.microsoftonline.com` and a tenant. */
export function entraAuthority(base: string, tenant: string): Authority {
  const { host, origin } = new URL(base);
  return { url: `${origin}/${tenant}`, host, tenant };
}

/**
 * Returns the issuer that tokens of `tenantId` must name. Entra's discovery documents for many tenants contain the
 * placeholder `{tenantid}`.
 */
export function expectedIssuer(
  authority: Authority,
  metadata: AuthorityMetadata | null,
  tenantId: string,
): string {
  return issuerOfTenant(metadata?.issuer ?? `https://${authority.host}/${TENANT_PLACEHOLDER}/v2.0`, tenantId);
}

/** Returns an issuer in a document of the authority with `tenantId` in place of the placeholder `{tenantid}`. */
export function issuerOfTenant(template: string, tenantId: string): string {
  return template.replaceAll(TENANT_PLACEHOLDER, () => tenantId);
}

/** Reports whether two issuers are the same. Entra's hosts have aliases; all else is compared exactly. */
export function isSameIssuer(a: string, b: string): boolean {
  return canonicalAuthority(a) === canonicalAuthority(b);
}

/**
 * Returns the tenant ID that tokens must name, or null if the configured tenant (a domain, `common`, `organizations`)
 * does not determine it.
 */
export function fixedTenantId(configured: string): string | null {
  const [tenant = ""] = configured.split("/");
  if (tenant.toLowerCase() === "consumers") return CONSUMERS_TENANT;
  return isGuid(tenant) ? tenant.toLowerCase() : null;
}

/**
 * Reports whether an authorization response may name `issuer`, by RFC 9207 section 2.4: the comparison is exact except
 * for aliases of the host, and null is refused if the authority promises an issuer in every response.
 */
export function acceptsIssuer(
  authority: Authority,
  metadata: AuthorityMetadata | null,
  issuer: string | null,
): boolean {
  if (issuer === null) return !(metadata?.namesIssuerInResponse ?? false);
  const tenantId = fixedTenantId(authority.tenant) ?? issuer.split("/")[3] ?? "";
  return isSameIssuer(issuer, expectedIssuer(authority, metadata, tenantId));
}
