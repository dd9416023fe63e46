import { isGuid } from "../identity/guid.ts";

const TENANT_PLACEHOLDER = "{tenantid}";

/** The tenant that stands for all personal Microsoft accounts. */
const CONSUMERS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad";

/** Who issues the tokens: a base URL and a tenant, and what follows from the two. */
export interface Authority {
  /** `https://login.microsoftonline.com/TENANT`; at B2C with the policy behind the tenant, as MSAL wants it. */
  readonly url: string;
  /** Host, with the port where it isn't 443. The only host that this program exchanges tokens with. */
  readonly host: string;
  /** Tenant as configured; at B2C `TENANT/POLICY`. */
  readonly tenant: string;
}

/** What a discovery document (OpenID Connect Discovery 1.0, section 3) says that this program relies on. */
export interface AuthorityMetadata {
  /** What tokens name as `iss`. */
  readonly issuer: string;
  /** RFC 9207: every authorization response names its issuer. */
  readonly namesIssuerInResponse: boolean;
}

/** Joins an authority's base URL, as `https://login.microsoftonline.com`, and a tenant. */
export function entraAuthority(base: string, tenant: string): Authority {
  const { host, origin } = new URL(base);
  return { url: `${origin}/${tenant}`, host, tenant };
}

/**
 * The issuer that tokens of `tenantId` must name. A discovered issuer may hold the placeholder `{tenantid}`, as Entra's
 * own does for authorities that serve many tenants.
 */
export function expectedIssuer(
  authority: Authority,
  metadata: AuthorityMetadata | null,
  tenantId: string,
): string {
  const template = metadata?.issuer ?? `https://${authority.host}/${TENANT_PLACEHOLDER}/v2.0`;
  return template.replaceAll(TENANT_PLACEHOLDER, () => tenantId);
}

/**
 * The one tenant id that tokens have to name, or null where the configured tenant (a domain, `common`,
 * `organizations`) leaves it open.
 */
export function fixedTenantId(configured: string): string | null {
  const [tenant = ""] = configured.split("/");
  if (tenant.toLowerCase() === "consumers") return CONSUMERS_TENANT;
  return isGuid(tenant) ? tenant.toLowerCase() : null;
}

/**
 * Whether an authorization response may name `issuer` (null when it names none), by RFC 9207 section 2.4: exact
 * comparison, and no response without an issuer from an authority that promises one.
 */
export function acceptsIssuer(
  authority: Authority,
  metadata: AuthorityMetadata | null,
  issuer: string | null,
): boolean {
  if (issuer === null) return !(metadata?.namesIssuerInResponse ?? false);
  const tenantId = fixedTenantId(authority.tenant) ?? issuer.split("/")[3] ?? "";
  return issuer === expectedIssuer(authority, metadata, tenantId);
}
