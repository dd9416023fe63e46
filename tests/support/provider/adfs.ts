/** How AD FS differs from Entra: no tenants, other paths, claims and errors. */

import type { Account, Application } from "./directory.ts";
import type { EntraError } from "./entra_errors.ts";
import type { Json } from "./failures.ts";

/** The first segment of its paths, in place of a tenant. */
export const ADFS = "adfs";

/** The audience of an access token if no scope names an API. */
export const ADFS_USERINFO = "urn:microsoft:userinfo";

/** AD FS's paths, for the configuration of oidc-provider. The discovery document adds a slash to the endpoints. */
export const ADFS_PATHS = {
  authorization: "/oauth2/authorize",
  token: "/oauth2/token",
  device_authorization: "/oauth2/devicecode",
  code_verification: "/oauth2/deviceauth",
  jwks: "/discovery/keys",
  end_session: "/oauth2/logout",
} as const;

/** Returns the issuer of access tokens, which is not the one of ID tokens. */
export function accessTokenIssuer(origin: string): string {
  return `${origin.replace(/^https/, "http")}/${ADFS}/services/trust`;
}

/** AD FS's discovery document. */
export function adfsDiscoveryDocument(origin: string): Json {
  const at = (path: string) => `${origin}/${ADFS}${path}`;
  return {
    issuer: at(""),
    authorization_endpoint: at(`${ADFS_PATHS.authorization}/`),
    token_endpoint: at(`${ADFS_PATHS.token}/`),
    jwks_uri: at(ADFS_PATHS.jwks),
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    response_modes_supported: ["query", "fragment", "form_post"],
    grant_types_supported: ["authorization_code", "refresh_token", "client_credentials", "password"],
    subject_types_supported: ["pairwise"],
    scopes_supported: ["profile", "email", "allatclaims", "openid", "user_impersonation"],
    id_token_signing_alg_values_supported: ["RS256"],
    access_token_issuer: accessTokenIssuer(origin),
    claims_supported: [
      "aud",
      "iss",
      "iat",
      "exp",
      "auth_time",
      "nonce",
      "upn",
      "unique_name",
      "pwd_exp",
      "sid",
    ],
    userinfo_endpoint: at("/userinfo"),
    end_session_endpoint: at(ADFS_PATHS.end_session),
    as_access_token_token_binding_supported: true,
    frontchannel_logout_supported: true,
    frontchannel_logout_session_supported: true,
    device_authorization_endpoint: at(ADFS_PATHS.device_authorization),
  };
}

/** The claims about a user: no tenant, no object ID, and a subject in base64. */
export function adfsUserClaims(account: Account): Json & { sub: string } {
  const [user = ""] = account.username.split("@");
  return {
    sub: account.subject,
    upn: account.username,
    unique_name: `CONTOSO\\${user}`,
    sid: "S-1-5-21-1111111111-2222222222-3333333333-1104",
    apptype: "Public",
    authmethod: "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    ver: "1.0",
    scp: "openid",
  };
}

/** The claims of an access token, besides audience and times. Without an account it is the application's own. */
export function adfsTokenClaims(
  { origin, application, account, permissions }: {
    origin: string;
    application: Application;
    account: Account | undefined;
    permissions: readonly string[];
  },
): Json {
  const user = account === undefined ? { apptype: "Confidential" } : adfsUserClaims(account);
  return {
    ...user,
    iss: accessTokenIssuer(origin),
    appid: application.clientId,
    scp: permissions.join(" ") || "openid",
    ver: "1.0",
  };
}

/** AD FS's numbers of the errors that this program can meet. */
const NUMBERS: Readonly<Record<number, number>> = {
  54005: 9612,
  70008: 9612,
  70000: 9612,
  501481: 9673,
  50173: 9615,
  700082: 9615,
  700016: 9223,
  500112: 9224,
  50011: 9224,
  7000215: 9622,
  7000218: 9622,
  7000222: 9622,
  700027: 9622,
  65004: 9604,
  70016: 9714,
  70020: 9715,
};

/** The body of an error: no number, no trace and no correlation ID, and words that begin with AD FS's own number. */
export function adfsErrorBody(
  { error, aadsts, description }: EntraError,
): { error: string; error_description: string } {
  return { error, error_description: `MSIS${NUMBERS[aadsts] ?? 9605}: ${description}` };
}
