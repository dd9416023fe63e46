import type { EventEmitter } from "node:events";
import { decodeJwt, SignJWT } from "jose";
// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { KoaContextWithOIDC } from "oidc-provider";
import { ADFS, adfsDiscoveryDocument, adfsErrorBody } from "./adfs.ts";
import { openIdScopes } from "./access_token.ts";
import { discoveryDocument } from "./discovery_document.ts";
import { findBySubject } from "./directory.ts";
import { clientInfo } from "./entra_claims.ts";
import { correlationOf, type EntraError, entraErrorBody, toEntraError } from "./entra_errors.ts";
import type { ClaimsFailure, Json, ResponseChange } from "./failures.ts";
import { routeOf } from "./entra_request.ts";
import type { Route } from "./routes.ts";
import { readResourceScopes, responseScope } from "./scopes.ts";
import type { SigningKey } from "./signing_key.ts";
import type { Tenant } from "./tenant.ts";

/** Koa middleware that converts oidc-provider's JSON responses into Entra's and applies the changes of tests. */
export function rewriteResponse(
  tenant: Tenant,
): (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void> {
  const { provider, setup } = tenant;
  const details = new WeakMap<KoaContextWithOIDC, string>();
  const remember = (ctx: KoaContextWithOIDC, error: { error_detail?: string | undefined }) =>
    void details.set(ctx, error.error_detail ?? "");
  (provider as EventEmitter).on("grant.error", remember);
  provider.on("device_authorization.error", remember);

  return async (ctx, next) => {
    await next();
    const route = routeOf(ctx.req);
    if (route === undefined || !isJson(ctx.body)) return;
    const { signing, inner } = setup.keys;
    const converted = entraResponse(route, ctx, details.get(ctx), tenant);
    const genuine = signing === inner ? converted : await signAgain(converted, signing);
    const failure = setup.changeFor(ctx.req);
    const answer = failure === undefined ? genuine : await changeResponse(genuine, failure, signing);
    setup.onResponse(answer);
    ctx.body = answer;
  };
}

function entraResponse(
  { name, tenant }: Route,
  ctx: KoaContextWithOIDC,
  detail: string | undefined,
  { setup }: Tenant,
): Json {
  const body = ctx.body as Json;
  const isAdfs = tenant === ADFS;
  if (name === "discovery") {
    if (isAdfs) return adfsDiscoveryDocument(setup.origin);
    return discoveryDocument(setup.origin, tenant, issuerFor(tenant, setup));
  }
  if (typeof body.error === "string") {
    const description = String(body.error_description ?? "");
    const said = setup.bindsRefreshTokens && body.error === "invalid_scope"
      ? unknownScopes(String(ctx.oidc.params?.scope ?? ""))
      : toEntraError({ error: body.error, description, detail: detail ?? "" }, name, ctx.oidc.params);
    return isAdfs
      ? { ...adfsErrorBody(said) }
      : entraErrorBody(said, correlationOf(ctx.headers, ctx.URL.searchParams));
  }
  if (name === "token") return isAdfs ? adfsTokenResponse(body) : tokenResponse(ctx, body, setup);
  if (name === "devicecode") return deviceResponse(body, setup.devicePollInterval);
  if (name === "keys") return { keys: setup.keys.published };
  return body;
}

/**
 * Returns the issuer in the document of `tenant`. For an alias like `organizations` it has the placeholder `{tenantid}`,
 * since the tenant is only known after the sign-in; only the hosts of Entra's own clouds have aliases.
 */
function issuerFor(tenant: string, { tenantId, issuer, authority }: Tenant["setup"]): string {
  return tenant === tenantId || authority !== undefined ? issuer : issuer.replace(tenantId, "{tenantid}");
}

function unknownScopes(scope: string): EntraError {
  return {
    error: "invalid_scope",
    aadsts: 70011,
    description:
      `The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
  };
}

function tokenResponse(ctx: KoaContextWithOIDC, body: Json, setup: Tenant["setup"]): Json {
  const { scope, ...rest } = body;
  const times = { ext_expires_in: body.expires_in };
  const account = findBySubject(setup.accounts, ctx.oidc.account?.accountId);
  if (account === undefined) return { ...rest, ...times };
  return {
    ...rest,
    ...times,
    scope: responseScope(readResourceScopes(scope as string | undefined), openIdScopes(ctx)),
    ...(setup.sendsClientInfo ? { client_info: clientInfo(account, setup) } : {}),
  };
}

function adfsTokenResponse({ scope, token_type: _, ...rest }: Json): Json {
  const { aud: resource } = decodeJwt(String(rest.access_token));
  const asked = readResourceScopes(scope as string | undefined).map((known) => known.asked);
  return {
    ...rest,
    token_type: "bearer",
    resource,
    ...("refresh_token" in rest ? { refresh_token_expires_in: 28_800 } : {}),
    scope: [...asked, "openid"].join(" "),
  };
}

function deviceResponse(body: Json, interval: number): Json {
  const { verification_uri_complete: _complete, ...rest } = body;
  return {
    ...rest,
    interval,
    message: `To sign in, use a web browser to open the page ${body.verification_uri} and enter the code ` +
      `${body.user_code} to authenticate.`,
  };
}

async function changeResponse(genuine: Json, failure: ResponseChange, key: SigningKey): Promise<Json> {
  if (failure.kind === "rewrite") return failure.rewrite(genuine);
  return { ...genuine, ...await resigned(genuine, failure.token, key, failure.change) };
}

/** Signs the tokens of a response with a key that oidc-provider does not know. */
async function signAgain(genuine: Json, key: SigningKey): Promise<Json> {
  const tokens = await Promise.all(
    (["id_token", "access_token"] as const).map((name) => resigned(genuine, name, key, (claims) => claims)),
  );
  return Object.assign({}, genuine, ...tokens);
}

async function resigned(
  genuine: Json,
  name: ClaimsFailure["token"],
  key: SigningKey,
  change: (claims: Json) => Json,
): Promise<Json> {
  const token = genuine[name];
  if (typeof token !== "string") return {};
  const signed = await new SignJWT(change({ ...decodeJwt(token) }))
    .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: key.jwk.kid })
    .sign(key.privateKey);
  return { [name]: signed };
}

function isJson(body: unknown): body is Json {
  return typeof body === "object" && body !== null && Object.getPrototypeOf(body) === Object.prototype;
}
