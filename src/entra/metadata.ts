import { CliError } from "../errors.ts";
import type { Authority, AuthorityMetadata } from "./authority.ts";

const ENDPOINTS = ["authorization_endpoint", "token_endpoint"];

/** External ID names an issuer on `TENANT-ID.ciamlogin.com` for the authority `NAME.ciamlogin.com`. */
const EXTERNAL_ID_DOMAIN = ".ciamlogin.com";

/**
 * Judges a discovery document (OpenID Connect Discovery 1.0, section 4.3): it may not move the endpoints to another
 * host or off https, nor name another issuer's host.
 *
 * @throws {CliError} `invalid_response` that names the field.
 */
export function judgeMetadata(
  body: Readonly<Record<string, unknown>>,
  authority: Authority,
): AuthorityMetadata {
  for (const name of ENDPOINTS) {
    if (parseHttps(body[name])?.host !== authority.host) throw wrongField(name, authority);
  }
  const issuer = parseHttps(body.issuer);
  const isExternalId = [issuer?.host, authority.host].every((host) => host?.endsWith(EXTERNAL_ID_DOMAIN));
  if (issuer === null || (issuer.host !== authority.host && !isExternalId)) {
    throw wrongField("issuer", authority);
  }
  return {
    issuer: String(body.issuer),
    namesIssuerInResponse: body.authorization_response_iss_parameter_supported === true,
  };
}

function parseHttps(value: unknown): URL | null {
  const url = typeof value === "string" ? URL.parse(value) : null;
  return url?.protocol === "https:" ? url : null;
}

function wrongField(name: string, authority: Authority): CliError {
  return new CliError("invalid_response", `The authority's ${name} is not https on ${authority.host}`, {
    hint: "Check --authority: this is not an authority to send credentials to.",
  });
}
