import { CliError } from "../errors.ts";
import { canonicalAuthority } from "../identity/cloud.ts";
import { isGuid } from "../identity/guid.ts";
import type { JsonObject } from "../text/json.ts";
import { type Authority, type AuthorityMetadata, fixedTenantId } from "./authority.ts";

const ENDPOINTS = ["authorization_endpoint", "token_endpoint"];

/** External ID names an issuer on `TENANT-ID.ciamlogin.com`, both for `NAME.ciamlogin.com` and for custom domains. */
const EXTERNAL_ID_DOMAIN = ".ciamlogin.com";

/**
 * Validates a discovery document (OpenID Connect Discovery 1.0 section 4.3): its endpoints and its issuer must be https on
 * the authority's own host.
 *
 * @throws {CliError} `invalid_response` that names the field.
 */
export function validateMetadata(body: JsonObject, authority: Authority): AuthorityMetadata {
  for (const name of ENDPOINTS) {
    if (parseHttps(body[name])?.host !== authority.host) throw invalidField(name, authority);
  }
  const issuer = parseHttps(body.issuer);
  if (issuer === null || !isOwnIssuer(issuer, authority)) throw invalidIssuer(issuer, authority);
  return {
    issuer: String(body.issuer),
    namesIssuerInResponse: body.authorization_response_iss_parameter_supported === true,
  };
}

function isOwnIssuer(issuer: URL, authority: Authority): boolean {
  if (new URL(canonicalAuthority(issuer.href)).host === authority.host) return true;
  if (!issuer.host.endsWith(EXTERNAL_ID_DOMAIN)) return false;
  return authority.host.endsWith(EXTERNAL_ID_DOMAIN) || isExternalIdTenant(issuer, authority);
}

/** On a custom domain, only the tenant ID ties the issuer to the authority. */
function isExternalIdTenant(issuer: URL, { tenant }: Authority): boolean {
  const id = fixedTenantId(tenant);
  return id !== null && issuer.href === `https://${id}${EXTERNAL_ID_DOMAIN}/${id}/v2.0`;
}

function parseHttps(value: unknown): URL | null {
  const url = typeof value === "string" ? URL.parse(value) : null;
  return url?.protocol === "https:" ? url : null;
}

function invalidIssuer(issuer: URL | null, authority: Authority): CliError {
  const host = issuer?.host ?? "";
  const id = host.slice(0, -EXTERNAL_ID_DOMAIN.length);
  if (!host.endsWith(EXTERNAL_ID_DOMAIN) || !isGuid(id)) return invalidField("issuer", authority);
  return new CliError(
    "invalid_response",
    `${authority.host} signs in to the External ID tenant ${id}, not to the configured one`,
    { hint: `If that is the tenant you mean, name it by its ID: --tenant-id ${id}` },
  );
}

function invalidField(name: string, authority: Authority): CliError {
  return new CliError(
    "invalid_response",
    `Invalid discovery document: ${name} is not https on ${authority.host}`,
    { hint: "Check --authority: do not send credentials to this one." },
  );
}
