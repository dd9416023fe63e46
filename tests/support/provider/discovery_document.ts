import type { Json } from "./failures.ts";
import { TENANT_PATHS } from "./routes.ts";

/** Entra's discovery document, with the endpoints of `tenant`. */
export function discoveryDocument(origin: string, tenant: string, issuer: string): Json {
  const at = (path: string) => `${origin}/${tenant}${path}`;
  return {
    token_endpoint: at(TENANT_PATHS.token),
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: at(TENANT_PATHS.jwks),
    response_modes_supported: ["query", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer,
    request_uri_parameter_supported: false,
    authorization_endpoint: at(TENANT_PATHS.authorization),
    device_authorization_endpoint: at(TENANT_PATHS.device_authorization),
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: at(TENANT_PATHS.end_session),
    claims_supported: [
      ...[
        "sub",
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "preferred_username",
        "name",
        "tid",
        "ver",
      ],
      ...["oid", "email"],
    ],
    tenant_region_scope: "EU",
    cloud_instance_name: "localhost",
  };
}
