// @ts-types="npm:@types/oidc-provider@9.12.1"
import type { Configuration, KoaContextWithOIDC, Provider } from "oidc-provider";
import { accessTokenClaims } from "./access_token.ts";
import { ADFS, ADFS_PATHS, ADFS_USERINFO, adfsUserClaims } from "./adfs.ts";
import { Consents } from "./consents.ts";
import { clientMetadata } from "./client_metadata.ts";
import { deviceFlow } from "./device_flow.ts";
import { type Account, type Application, findBySubject, type NamedAuthority } from "./directory.ts";
import { CLAIMS_BY_SCOPE, userClaims } from "./entra_claims.ts";
import { rewriteResponse } from "./entra_response.ts";
import type { Json, ResponseChange } from "./failures.ts";
import { interactions } from "./interactions.ts";
import { interactionPolicy } from "./interaction_policy.ts";
import { loadOidcProvider } from "./load_oidc_provider.ts";
import { MemoryStore } from "./memory_store.ts";
import { messagePage, signOutPage } from "./pages.ts";
import { ResourceCatalogue } from "./resource_catalogue.ts";
import { installResponseModes } from "./authorization_response.ts";
import { interactionPath, TENANT_PATHS } from "./routes.ts";
import { GRAPH, OFFLINE_INSIDE, OPENID_SCOPES } from "./scopes.ts";
import type { KeyRing } from "./signing_key.ts";
import { toEntraError } from "./entra_errors.ts";
import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";

/** The options of a tenant. Lifetimes are in seconds and read at each use, so that a test can change them. */
export interface TenantSetup {
  readonly origin: string;
  /** A GUID, or `adfs` for AD FS. */
  readonly tenantId: string;
  /** The `iss` of its tokens. */
  readonly issuer: string;
  /** The authority with a host name of its own; undefined for the one on `localhost`. */
  readonly authority?: NamedAuthority | undefined;
  readonly accounts: readonly Account[];
  readonly applications: readonly Application[];
  readonly keys: KeyRing;
  readonly lifetimes: {
    readonly accessToken: number;
    readonly refreshToken: number;
    readonly deviceCode: number;
  };
  readonly devicePollInterval: number;
  /** Whether a refresh token remains valid after its use. */
  readonly keepsUsedRefreshTokens: boolean;
  /** Whether a refresh token is good for its own scopes only. */
  readonly bindsRefreshTokens: boolean;
  /** Whether only an administrator may consent, which no user is. */
  readonly requiresAdminConsent: boolean;
  /** Whether responses have `client_info`. */
  readonly sendsClientInfo: boolean;
  /** Returns the change that a test demands of the response to a request. */
  readonly changeFor: (request: IncomingMessage) => ResponseChange | undefined;
  /** Takes the change that a test demands of the next authorization response. */
  readonly takeAuthorizeChange: () => ResponseChange | undefined;
  /** Receives every JSON response as it is sent. */
  readonly onResponse: (answer: Json) => void;
  /** Receives every error that is the provider's own fault. */
  readonly onFault: (fault: unknown) => void;
}

/** The parts of a tenant that its pages, claims and responses use. */
export interface Tenant {
  readonly setup: TenantSetup;
  readonly provider: Provider;
  readonly consents: Consents;
  /** Responds to a request that `adaptRequest` has converted. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Makes an oidc-provider that looks like one Entra tenant. */
export async function makeTenant(setup: TenantSetup): Promise<Tenant> {
  const library = await loadOidcProvider();
  const store = new MemoryStore();
  const consents = new Consents();
  const resources = new ResourceCatalogue(library.errors, {
    accessTokenTtl: () => setup.lifetimes.accessToken,
    byDefault: setup.tenantId === ADFS ? ADFS_USERINFO : GRAPH,
  });
  const provider = new library.Provider(setup.issuer, {
    ...flowConfiguration(setup),
    adapter: (model) => store.adapterFor(model),
    clients: await Promise.all(setup.applications.map(clientMetadata)),
    interactions: {
      policy: interactionPolicy(library),
      url: (_ctx, interaction) => interactionPath(setup.tenantId, interaction.uid),
    },
    loadExistingGrant: (ctx) => existingGrant(ctx, consents),
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: deviceFlow(),
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => void (ctx.body = signOutPage(form).text),
        postLogoutSuccessSource: (ctx) => void (ctx.body = messagePage("Signed out", "You signed out.").text),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (ctx, _client, oneOf) => resources.choose(ctx, oneOf),
        getResourceServerInfo: (_ctx, resource) => resources.describe(resource),
        useGrantedResource: () => true,
      },
    },
    formats: {
      customizers: {
        jwt: (ctx, token, jwt) => void Object.assign(jwt, accessTokenClaims(ctx, token, jwt, setup)),
      },
    },
  });
  const tenant: Tenant = {
    setup,
    provider,
    consents,
    // Made at each request: middleware that is added below would be missing from an earlier one.
    handle: async (request, response) => await provider.callback()(request, response),
  };
  installResponseModes(tenant);
  provider.use(interactions(tenant));
  provider.use(rewriteResponse(tenant));
  provider.on("server_error", (_ctx, error) => setup.onFault(error));
  (provider as EventEmitter).on("error", (error: unknown) => setup.onFault(error)); // without a listener Koa prints it
  return tenant;
}

function flowConfiguration(setup: TenantSetup): Configuration {
  const hour = 60 * 60;
  return {
    routes: setup.tenantId === ADFS ? ADFS_PATHS : TENANT_PATHS,
    jwks: { keys: [setup.keys.inner.jwk] } as Configuration["jwks"],
    cookies: { keys: [crypto.randomUUID()] },
    scopes: [...OPENID_SCOPES, OFFLINE_INSIDE],
    claims: CLAIMS_BY_SCOPE,
    conformIdTokenClaims: false,
    responseTypes: ["code"],
    extraParams: ["client_info", "domain_hint"],
    pkce: { required: (_ctx, client) => client.clientAuthMethod === "none" },
    rotateRefreshToken: !setup.keepsUsedRefreshTokens,
    expiresWithSession: () => false,
    issueRefreshToken: (_ctx, client, source) =>
      client.grantTypeAllowed("refresh_token") && source.scopes.has(OFFLINE_INSIDE),
    findAccount: (_ctx, id) => {
      const account = findBySubject(setup.accounts, id);
      const claims = setup.tenantId === ADFS ? adfsUserClaims : userClaims;
      return account && { accountId: id, claims: () => claims(account, setup) };
    },
    clientBasedCORS: () => false,
    renderError: (ctx, out, error) => {
      const detail = "error_detail" in error ? String(error.error_detail) : "";
      const said = toEntraError(
        { error: out.error, description: out.error_description ?? "", detail },
        "authorize",
        ctx.oidc?.params,
      );
      ctx.type = "html";
      ctx.body = messagePage("Sign-in error", `AADSTS${said.aadsts}: ${said.description}`).text;
    },
    ttl: {
      AccessToken: () => setup.lifetimes.accessToken,
      ClientCredentials: () => setup.lifetimes.accessToken,
      RefreshToken: () => setup.lifetimes.refreshToken,
      DeviceCode: () => setup.lifetimes.deviceCode,
      AuthorizationCode: 600,
      IdToken: hour,
      Interaction: hour,
      Session: 24 * hour,
      Grant: 90 * 24 * hour,
    },
  };
}

async function existingGrant(ctx: KoaContextWithOIDC, consents: Consents) {
  const { oidc } = ctx;
  const clientId = oidc.client?.clientId;
  const accountId = oidc.session?.accountId;
  const consented = oidc.result?.consent?.grantId;
  if (consented !== undefined) return await oidc.provider.Grant.find(consented);
  if (clientId === undefined || accountId === undefined) return undefined;
  return await consents.grantFor(oidc.provider, accountId, clientId);
}
