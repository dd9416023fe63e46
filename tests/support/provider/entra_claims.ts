import { encodeBase64Url } from "@std/encoding/base64url";
import type { Account, Application, NamedAuthority } from "./directory.ts";
import type { Json } from "./failures.ts";

/** The tenant that a token is from, as far as its claims depend on it. */
export interface ClaimsSetup {
  readonly tenantId: string;
  readonly authority?: NamedAuthority | undefined;
}

/** The claims about a user for the ID token. oidc-provider selects those that the scopes allow. */
export function userClaims(
  account: Account,
  { tenantId, authority }: ClaimsSetup,
): Json & { sub: string } {
  // B2C names neither the tenant nor an object ID, and a version that is not the one of the endpoint.
  if (authority?.policy !== undefined) {
    const { subject, username, name } = account;
    return { sub: subject, ver: "1.0", name, emails: [username], tfp: authority.policy };
  }
  // The user name of a guest is the optional claim `upn`; `idp` is the issuer of the account.
  if (account.home !== undefined) {
    const { subject, objectId, username, name, home } = account;
    const idp = `https://sts.windows.net/${home.tenantId}/`;
    return { sub: subject, oid: objectId, tid: tenantId, ver: "2.0", name, upn: username, idp };
  }
  return {
    sub: account.subject,
    oid: account.objectId,
    tid: tenantId,
    ver: "2.0",
    name: account.name,
    preferred_username: account.username,
    email: account.username,
  };
}

/** The claims by scope. Entra issues `oid` and `tid` with `profile`, which MSAL always requests; AD FS has no scopes for claims. */
export const CLAIMS_BY_SCOPE = {
  openid: ["sub", "ver", "upn", "unique_name", "sid", "apptype", "authmethod", "scp", "idp"],
  profile: ["oid", "tid", "name", "preferred_username", "emails", "tfp"],
  email: ["email"],
};

/** The claims of an access token on behalf of a user, besides issuer, audience and times. */
export function delegatedTokenClaims(
  token: { account: Account; application: Application; tenantId: string; permissions: readonly string[] },
): Json {
  return {
    ...applicationClaims(token.application, token.tenantId),
    name: token.account.name,
    oid: token.account.objectId,
    preferred_username: token.account.username,
    upn: token.account.username,
    scp: token.permissions.join(" "),
  };
}

/** The claims of an access token for an application itself. */
export function applicationTokenClaims(token: { application: Application; tenantId: string }): Json {
  return {
    ...applicationClaims(token.application, token.tenantId),
    idtyp: "app",
    oid: token.application.objectId,
    sub: token.application.objectId,
    roles: ["Tasks.Read.All"],
  };
}

/** The `client_info` of a response: the two halves of MSAL's home account id, as base64url JSON. */
export function clientInfo(
  { objectId, home }: Account,
  { tenantId, authority }: ClaimsSetup,
): string {
  if (home !== undefined) {
    return encodeBase64Url(JSON.stringify({ uid: home.objectId, utid: home.tenantId }));
  }
  const uid = authority?.policy === undefined ? objectId : `${objectId}-${authority.policy.toLowerCase()}`;
  return encodeBase64Url(JSON.stringify({ uid, utid: tenantId }));
}

function applicationClaims(application: Application, tenantId: string): Json {
  return {
    appid: application.clientId,
    app_displayname: application.name,
    azp: application.clientId,
    // How the client authenticated.
    azpacr: authenticationKind(application),
    tid: tenantId,
    uti: crypto.randomUUID(),
    ver: "2.0",
  };
}

/** As in Entra: 0 without authentication, 1 with a secret, 2 with a certificate or a federated token. */
function authenticationKind({ secret, certificate, federation }: Application): string {
  if (certificate !== undefined || federation !== undefined) return "2";
  return secret === undefined ? "0" : "1";
}
