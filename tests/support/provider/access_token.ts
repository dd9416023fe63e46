// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { AccessToken, ClientCredentials, JWTStructured, KoaContextWithOIDC } from "oidc-provider";
import { ADFS, adfsTokenClaims } from "./adfs.ts";
import { type Account, type Application, findBySubject } from "./directory.ts";
import { applicationTokenClaims, delegatedTokenClaims } from "./entra_claims.ts";
import { grantedPermissions, OPENID_SCOPES, readResourceScopes } from "./scopes.ts";

/** Converts an access token of oidc-provider (RFC 9068) into one with Entra's header and claims. */
export function accessTokenClaims(
  ctx: KoaContextWithOIDC,
  token: AccessToken | ClientCredentials,
  jwt: JWTStructured,
  directory: {
    accounts: readonly Account[];
    applications: readonly Application[];
    tenantId: string;
    origin: string;
  },
): JWTStructured {
  const { scope, client_id: clientId, jti: _jti, ...rest } = jwt.payload;
  const application = directory.applications.find((known) => known.clientId === clientId);
  if (application === undefined) throw new Error(`No application ${clientId}`);
  const about = { application, tenantId: directory.tenantId };
  const times = { nbf: rest.iat };
  const header = { ...jwt.header, typ: "JWT" };
  const account = findBySubject(directory.accounts, ctx.oidc.account?.accountId);
  if (directory.tenantId === ADFS) {
    const permissions = readResourceScopes(scope as string | undefined).map(({ permission }) => permission);
    const claims = adfsTokenClaims({ origin: directory.origin, application, account, permissions });
    return { header, payload: { ...rest, ...claims } };
  }
  if (token.kind === "ClientCredentials") {
    return { header, payload: { ...rest, ...times, ...applicationTokenClaims(about) } };
  }
  if (account === undefined) throw new Error("No account for an access token");
  const permissions = grantedPermissions(readResourceScopes(scope as string | undefined), openIdScopes(ctx));
  return {
    header,
    payload: { ...rest, ...times, ...delegatedTokenClaims({ ...about, account, permissions }) },
  };
}

/** Returns the OpenID scopes of a token response. Entra adds the other two if a request has `openid`. */
export function openIdScopes(ctx: KoaContextWithOIDC): readonly string[] {
  const { AuthorizationCode, RefreshToken, DeviceCode } = ctx.oidc.entities;
  const source = RefreshToken ?? AuthorizationCode ?? DeviceCode;
  return source?.scopes.has("openid") ? OPENID_SCOPES : [];
}
